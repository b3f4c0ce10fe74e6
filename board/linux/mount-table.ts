/**
 * Which file system a path lies on, from the kernel's table of mounts (proc_pid_mountinfo(5)). Asked by card-health.ts.
 * Pure: never touches the path, which may lie on a device that no longer answers.
 */

export interface Mount {
  /** where it is mounted, absolute */
  point: string;
  /** `major:minor`; major 0 where there is no block device of its own */
  device: string;
  /** what was mounted, e.g. a device file */
  source: string;
  type: string;
  readOnly: boolean;
}

/**
 * Since Linux 6.15 ext4 does not turn read-only after an error: it stays `rw` and adds `emergency_ro`. `shutdown` is a
 * file system that was told to stop, or whose device went away.
 */
const closed = new Set(['ro', 'emergency_ro', 'shutdown']);

/** @returns the mount that serves this absolute path; null when the table holds none */
export function mountOf(table: string, path: string): Mount | null {
  let best: Mount | null = null;
  for (const line of table.split('\n')) {
    const mount = mountIn(line);
    if (!mount || !covers(mount.point, path)) continue;
    // Of two at the same place the later one covers the earlier.
    if (!best || mount.point.length >= best.point.length) best = mount;
  }
  return best;
}

/** @returns where something is mounted at or below this absolute path, the innermost first */
export function mountsUnder(table: string, path: string): string[] {
  const points = table.split('\n').flatMap((line) => mountIn(line)?.point ?? []);
  return points.filter((point) => covers(path, point)).reverse();
}

function covers(point: string, path: string): boolean {
  return point === '/' || path === point || path.startsWith(`${point}/`);
}

function mountIn(line: string): Mount | null {
  const fields = line.split(' ');
  const dash = fields.indexOf('-', 6);
  const [device, point, options] = [fields[2], fields[4], fields[5]];
  const [type, source, superOptions] = [fields[dash + 1], fields[dash + 2], fields[dash + 3] ?? ''];
  if (dash < 0 || !device || !point || !options || !type || source === undefined) return null;
  const all = [...options.split(','), ...superOptions.split(',')];
  return {
    point: unescaped(point),
    device,
    source: unescaped(source),
    type,
    readOnly: all.some((option) => closed.has(option)),
  };
}

/** Space, tab, newline and backslash are written as three octal digits. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
