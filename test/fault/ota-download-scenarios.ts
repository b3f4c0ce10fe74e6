/** The scenarios of ota-download.ts, each with a server of its own kind. Read docs/updates.md, "The download", beside them. */
import type { DownloadBench, DownloadScenario } from './ota-download.js';
import { begin, breaking, honest, tagOf } from './ota-download-server.js';

const flipped = (content: Buffer): Buffer => {
  const other = Buffer.from(content);
  other[content.length >> 1] = (other[content.length >> 1] ?? 0) ^ 1;
  return other;
};

/** Bytes sent before the connection breaks, by chance; a twelfth of the file at most. */
function anywhere(bench: DownloadBench): number {
  bench.cuts += 1;
  return Math.floor((bench.random() * bench.content.length) / 12);
}

const cut: DownloadScenario[] = [
  {
    row: 'cut',
    name: 'cut at random bytes until it is there',
    run: async (bench) => {
      await bench.serve(breaking(bench.content, () => anywhere(bench)));
      let calls = 0;
      while ((await bench.fetch()) !== null && ++calls < 20);
      const ranges = bench.asked.slice(1).filter((from) => from !== null && from > 0);
      bench.expect('requests that went on', ranges.length > bench.asked.length / 2, true);
      const grows = bench.asked.every((from, at) => (from ?? 0) >= (bench.asked[at - 1] ?? 0));
      bench.expect('each goes on where the last ended', grows, true);
      bench.expect('it came', calls < 20, true);
    },
  },
  {
    row: 'cut',
    name: 'a link that breaks at once, for ever, is given up, and gone on from later',
    run: async (bench) => {
      await bench.serve(breaking(bench.content, ({ number }) => (number === 1 ? 100_000 : 0)));
      bench.expect('ending', await bench.fetch(), 'unreachable');
      bench.expect('kept', (await bench.kept()) > 0, true);
      await bench.serve(honest(bench.content));
      bench.expect('later', await bench.fetch(), null);
      bench.expect('asked for the rest', (bench.asked[0] ?? 0) > 0, true);
    },
  },
  {
    row: 'cut',
    name: 'a server that begins anew after each break is given up before it has cost five times the file',
    run: async (bench) => {
      const { length } = bench.content;
      let sent = 0;
      await bench.serve((visit) => {
        const bytes = Math.ceil(length * (0.3 + visit.number * 0.02));
        sent += bytes;
        visit.request.headers['if-range'] = 'none';
        breaking(bench.content, () => bytes)(visit);
      });
      bench.expect('ending', await bench.fetch(), 'unreachable');
      bench.expect('it gave up', sent <= 5 * length, true);
    },
  },
  {
    row: 'cut',
    name: 'what is there already is not asked for',
    run: async (bench) => {
      await bench.serve(honest(bench.content));
      await bench.fetch();
      bench.expect('again', await bench.fetch(), null);
      bench.expect('requests', bench.asked, [null]);
    },
  },
];

const corrupt: DownloadScenario[] = [
  {
    row: 'corrupt',
    name: 'another content is thrown away once, then refused, and not gone on from',
    run: async (bench) => {
      await bench.serve(honest(flipped(bench.content)));
      bench.expect('ending', await bench.fetch(), 'damaged');
      bench.expect('requests', bench.asked, [null, null]);
      bench.expect('kept', await bench.kept(), 0);
    },
  },
  {
    row: 'corrupt',
    name: 'one bad fetch and then a good one',
    run: async (bench) => {
      const [good, bad] = [honest(bench.content), honest(flipped(bench.content))];
      await bench.serve((visit) => (visit.number === 1 ? bad(visit) : good(visit)));
      bench.expect('ending', await bench.fetch(), null);
    },
  },
  {
    row: 'corrupt',
    name: 'the rest of another content, told as the same',
    run: async (bench) => {
      await bench.serve(breaking(flipped(bench.content), () => 200_000));
      await bench.fetch({ tries: 1, mayGoOn: () => bench.asked.length < 2 });
      await bench.serve(honest(bench.content));
      bench.expect('ending', await bench.fetch(), null);
    },
  },
];

const short: DownloadScenario[] = [
  {
    row: 'short',
    name: 'an answer that ends early, as if that were all',
    run: async (bench) => {
      await bench.serve(({ number, answer, from }) => {
        const rest = bench.content.subarray(from);
        const head = { etag: tagOf('one'), 'content-range': `bytes ${from}-${bench.content.length - 1}/*` };
        if (from > 0) answer.writeHead(206, head);
        else answer.writeHead(200, { etag: tagOf('one') });
        answer.end(number < 4 ? rest.subarray(0, 300_000) : rest);
      });
      bench.expect('ending', await bench.fetch(), null);
      bench.expect('requests', bench.asked, [null, 300_000, 600_000, 900_000]);
    },
  },
  {
    row: 'short',
    name: 'a file that is shorter than signed',
    run: async (bench) => {
      await bench.serve(honest(bench.content.subarray(0, 1000)));
      bench.expect('ending', await bench.fetch(), 'refused');
      await bench.serve(({ answer, from }) => {
        if (from > 0) answer.writeHead(416).end();
        else answer.write(bench.content.subarray(0, 1000), () => answer.end());
      });
      bench.expect('ending', await bench.fetch(), 'damaged');
      bench.expect('kept', await bench.kept(), 0);
    },
  },
];

const endless: DownloadScenario[] = [
  {
    row: 'endless',
    name: 'an answer without an end',
    run: async (bench) => {
      const block = Buffer.alloc(65_536, 7);
      await bench.serve(({ answer }) => {
        const more = (): void => {
          while (!answer.destroyed && answer.write(block));
          if (!answer.destroyed) answer.once('drain', more);
        };
        answer.writeHead(200);
        more();
      });
      bench.expect('ending', await bench.fetch(), 'damaged');
    },
  },
  {
    row: 'endless',
    name: 'headers without an end',
    run: async (bench) => {
      await bench.serve(({ answer }) => {
        answer.socket?.write('HTTP/1.1 200 OK\r\n');
        for (let n = 0; n < 2000; n++) answer.socket?.write(`x-${n}: ${'y'.repeat(100)}\r\n`);
      });
      bench.expect('ending', await bench.fetch({ tries: 2 }), 'unreachable');
    },
  },
];

const slow: DownloadScenario[] = [
  {
    row: 'slow',
    name: 'no answer at all',
    run: async (bench) => {
      await bench.serve(() => {});
      bench.expect('ending', await bench.fetch({ tries: 2 }), 'unreachable');
      bench.expect('requests', bench.asked.length, 2);
    },
  },
  {
    row: 'slow',
    name: 'an answer that stops in the middle',
    run: async (bench) => {
      await bench.serve((visit) => {
        const start = begin(visit, bench.content.length, null);
        visit.answer.write(bench.content.subarray(start, start + 5000));
      });
      bench.expect('ending', await bench.fetch({ tries: 2 }), 'slow');
      bench.expect('kept', await bench.kept(), 10_000);
    },
  },
  {
    row: 'slow',
    name: 'a byte now and then',
    run: async (bench) => {
      await bench.serve((visit) => {
        let at = begin(visit, bench.content.length, null);
        const drip = setInterval(() => visit.answer.write(bench.content.subarray(at, ++at)), 5);
        visit.answer.once('close', () => clearInterval(drip));
      });
      const choice = { tries: 2, minimumBytesPerSecond: 1000, overSeconds: 5 };
      bench.expect('ending', await bench.fetch(choice), 'slow');
    },
  },
];

const ranges: DownloadScenario[] = [
  {
    row: 'ranges',
    name: 'another range than the one asked for',
    run: async (bench) => {
      const broken = breaking(bench.content, () => 100_000);
      await bench.serve((visit) => {
        const { answer, from } = visit;
        if (visit.number === 1) return broken(visit);
        if (from === 0) return honest(bench.content)(visit);
        const { length } = bench.content;
        answer.writeHead(206, { 'content-range': `bytes ${from + 1}-${length - 1}/${length}` });
        answer.end(bench.content.subarray(from + 1));
      });
      bench.expect('ending', await bench.fetch(), null);
    },
  },
  {
    row: 'ranges',
    name: 'a server that knows no ranges',
    run: async (bench) => {
      const broken = breaking(bench.content, () => 100_000);
      await bench.serve((visit) =>
        visit.number === 1 ? broken(visit) : visit.answer.writeHead(200).end(bench.content),
      );
      bench.expect('ending', await bench.fetch(), null);
    },
  },
  {
    row: 'ranges',
    name: 'a file that was changed in between, told by its tag',
    run: async (bench) => {
      await bench.serve(breaking(flipped(bench.content), () => 1_000_000));
      bench.expect('first', await bench.fetch({ tries: 1, mayGoOn: () => bench.asked.length < 2 }), 'paused');
      await bench.serve(honest(bench.content, tagOf('two')));
      bench.expect('ending', await bench.fetch(), null);
      bench.expect('one request', bench.asked.length, 1);
    },
  },
  {
    row: 'ranges',
    name: 'an encoding that was not asked for',
    run: async (bench) => {
      await bench.serve(({ answer }) =>
        answer.writeHead(200, { 'content-encoding': 'gzip' }).end(bench.content),
      );
      bench.expect('ending', await bench.fetch(), 'refused');
      bench.expect('requests', bench.asked.length, 1);
    },
  },
];

const redirects: DownloadScenario[] = [
  {
    row: 'redirects',
    name: 'a redirect to the file',
    run: async (bench) => {
      await bench.serve((visit) => {
        if (visit.request.url === '/file') visit.answer.writeHead(302, { location: '/other' }).end();
        else honest(bench.content)(visit);
      });
      bench.expect('ending', await bench.fetch(), null);
    },
  },
  {
    row: 'redirects',
    name: 'redirects in a circle, and to a file of this machine',
    run: async (bench) => {
      for (const location of ['/file', 'file:///etc/hostname', 'http://[']) {
        await bench.serve(({ answer }) => answer.writeHead(302, { location }).end());
        bench.expect(location, await bench.fetch(), 'refused');
        bench.expect('requests', bench.asked.length <= 6, true);
      }
    },
  },
];

const order: DownloadScenario[] = [
  {
    row: 'order',
    name: 'the window closes in the middle, and opens again',
    run: async (bench) => {
      await bench.serve(honest(bench.content));
      let bytes = 0;
      const mayGoOn = (): boolean => bytes < 200_000;
      const onProgress = (progress: { bytes: number }): void => {
        bytes = progress.bytes;
      };
      const limitBytesPerSecond = 100_000;
      const ending = await bench.fetch({ mayGoOn, onProgress, limitBytesPerSecond });
      bench.expect('ending', ending, 'paused');
      const kept = await bench.kept();
      bench.expect('kept', kept >= 200_000 && kept < bench.content.length, true);
      bench.expect('later', await bench.fetch(), null);
      bench.expect('asked for', bench.asked, [null, kept]);
    },
  },
  {
    row: 'order',
    name: 'it is told to stop in the middle',
    run: async (bench) => {
      await bench.serve(honest(bench.content));
      const stopping = new AbortController();
      const onProgress = (): void => stopping.abort();
      const choice = { signal: stopping.signal, onProgress, limitBytesPerSecond: 100_000 };
      bench.expect('ending', await bench.fetch(choice), 'stopped');
      bench.expect('later', await bench.fetch(), null);
    },
  },
  {
    row: 'order',
    name: 'the limit of the bandwidth is kept, by the clock',
    run: async (bench) => {
      await bench.serve(honest(bench.content));
      const before = bench.clock.monoUs();
      bench.expect('ending', await bench.fetch({ limitBytesPerSecond: 100_000 }), null);
      const seconds = (bench.clock.monoUs() - before) / 1_000_000;
      // The last piece, which waits for nothing, is 64 KiB at most.
      const least = (bench.content.length - 65_536) / 100_000;
      bench.expect(`${seconds} s are at least ${least}`, seconds >= least, true);
    },
  },
];

const full: DownloadScenario[] = [
  {
    row: 'full disk',
    name: 'too little room is seen before anything is asked',
    run: async (bench) => {
      await bench.serve(honest(bench.content));
      const choice = { freeBytes: bench.content.length + 999, reserveBytes: 1000 };
      bench.expect('ending', await bench.fetch(choice), 'space');
      bench.expect('requests', bench.asked, []);
      bench.expect('later', await bench.fetch(), null);
    },
  },
];

export const downloadScenarios: readonly DownloadScenario[] = [
  ...cut,
  ...corrupt,
  ...short,
  ...endless,
  ...slow,
  ...ranges,
  ...redirects,
  ...order,
  ...full,
];
