/** Hour and day where the camera stands. Used by store.ts and, without a store, by behaviours/novelty.ts. */

export interface LocalTime {
  /** 0 to 23; null: there is no such time */
  hour: number | null;
  /** the date, null as above */
  day: string | null;
}

/** @param timeZone IANA; that of the machine when absent */
export function localTime(timeZone?: string): (wallMs: number) => LocalTime {
  const parts = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit' } as const;
  const format = new Intl.DateTimeFormat('sv-SE', {
    ...parts,
    hourCycle: 'h23',
    ...(timeZone && { timeZone }),
  });
  let known: { minute: number; local: LocalTime } = { minute: Number.NaN, local: { hour: null, day: null } };
  return (wallMs) => {
    const minute = Math.floor(wallMs / 60_000);
    // Asked at every look, several times a second; beyond what a date can hold there is no day.
    if (minute === known.minute) return known.local;
    if (!(Math.abs(wallMs) < 8e15)) return { hour: null, day: null };
    const [day = null, hour = '0'] = format.format(wallMs).split(' ');
    known = { minute, local: { hour: Number.parseInt(hour, 10) || 0, day } };
    return known.local;
  };
}
