/** What the supervisor passes on. Implemented by runtime/main.ts. */
import type { MaskTable, Motion, PipelineOptions, Sight, Tracks, Unit } from '../../pipelines/messages.js';
import type { EarlyPipeline } from './pipeline-child.js';
import type { VitalLimits } from './vital-signs.js';

export interface SupervisorEvents {
  unit(unit: Unit): void;
  tracks(tracks: Tracks): void;
  motion?(motion: Motion): void;
  /** how well the camera sees */
  sight?(sight: Sight): void;
  /** this table is about to be handed to the process */
  mask?(table: MaskTable): void;
  /** the process is gone or is being replaced; what it was in the middle of is cut here */
  interrupted(why: string): void;
  /** a clip that plays once is over */
  ended(): void;
}

export interface SupervisorOptions extends VitalLimits {
  pipeline: PipelineOptions;
  gstRegistry: string | null;
  /** for the first life of the process */
  early?: EarlyPipeline | undefined;
}
