/**
 * `vigie.service` for a board that starts its services with systemd. Written by ota/slots/provision.ts beside the slots; the
 * integrator puts it where systemd looks.
 */
import { VigieError } from '../../errors.js';

export interface ServiceUnit {
  /** of the Node that runs now */
  node: string;
  user: string;
  /** absolute */
  slots: string;
  state: string;
  config: string;
  /** where the camera records, absolute, when that is not below `state`; one that is not there does not keep it from starting */
  stores: readonly string[];
}

/** Text of the unit. @throws VigieError `update` when a path cannot be written in one */
export function serviceUnit({ node, user, slots, state, config, stores }: ServiceUnit): string {
  const command = [node, `${slots}/launcher/main.js`, '--slots', slots, '--', 'run', '--config', config];
  return `# Written by vigie ota provision. Checked with systemd-analyze, never yet run under systemd: try it on your board first.
[Unit]
Description=Vigie, the software of a street camera
After=network.target
RequiresMountsFor=${quoted(slots)} ${quoted(state)}
StartLimitIntervalSec=0

[Service]
Type=exec
User=${plain(user)}
SupplementaryGroups=video dialout
ExecStart=${[...command, '--state', state].map(word).join(' ')}
Environment=${quoted(`VIGIE_CACHE=${slots}/cache`)}
Restart=always
RestartSec=2
# The launcher passes the order on, waits, and kills what does not end.
KillMode=mixed
TimeoutStopSec=40
# One process killed for its memory is replaced by the others, not by a new start of all.
OOMPolicy=continue
UMask=0077
# A dump would hold pictures that are not masked.
LimitCORE=0
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths=${[slots, state, ...stores.map((store) => `-${store}`)].map(quoted).join(' ')}
# No update writes it, so nothing that a version brings may.
ReadOnlyPaths=${quoted(`${slots}/launcher`)}
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
LockPersonality=yes
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
`;
}

/** systemd.syntax(7): in double quotes, with `%` doubled, for it begins a specifier. */
function quoted(text: string): string {
  const safe = plain(text).replaceAll('%', '%%');
  return /[\s"'\\]/.test(safe) ? `"${safe.replace(/["\\]/g, '\\$&')}"` : safe;
}

/** A word of a command, where `$` begins a variable as well. */
const word = (text: string): string => quoted(text).replaceAll('$', () => '$$');

function plain(text: string): string {
  if (!/\p{Cc}/u.test(text)) return text;
  throw new VigieError(
    'update',
    'A path has a character that no service file can hold',
    'Choose another path',
  );
}
