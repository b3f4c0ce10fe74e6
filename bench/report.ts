/** The shape of measures, for the benches (docs/measures.md). */
export {
  atLeast,
  atMost,
  type Report,
  type Row,
  reportOf,
  row,
  table,
  writeReport,
} from '../runtime/health/report.js';
