/**
 * The configuration that docs/configuration.md shows: complete, and held valid by a test. Read by document.ts
 * only; no camera runs on it.
 */
import type { ConfigInput } from './schema.js';

export const exampleConfig: ConfigInput = {
  camera: { id: 'place-du-marche-2', name: 'Place du Marché, mât 2', language: 'fr' },
  board: 'generic-x86',
  sensor: { kind: 'v4l2', device: '/dev/video0' },
  picture: { width: 1920, height: 1080, framesPerSecond: 25 },
  mask: {
    zones: [
      {
        name: 'Fenêtres du 12',
        points: [
          [0.06, 0.1],
          [0.28, 0.08],
          [0.29, 0.46],
          [0.07, 0.5],
        ],
      },
    ],
  },
  zones: [
    {
      name: 'Accès pompiers',
      points: [
        [0.4, 0.6],
        [0.7, 0.6],
        [0.74, 0.95],
        [0.36, 0.95],
      ],
      presence: { classes: ['car', 'truck'], dwellSeconds: 30, cooldownSeconds: 120 },
    },
  ],
  record: { directory: '/mnt/card/vigie', capacityMiB: 57344 },
  control: {
    host: '192.0.2.12',
    port: 8443,
    tls: {
      certificateFile: 'tls/camera.pem',
      keyFile: 'tls/camera.key',
      clientAuthorityFile: 'tls/centre.pem',
    },
  },
  ota: {
    url: 'https://updates.example/vigie',
    customer: 'ville-exemple',
    window: [{ from: '02:00', to: '04:30' }],
    timeZone: 'Europe/Paris',
    limitKbps: 4000,
  },
};
