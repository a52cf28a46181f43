/** Values that nobody should send, and words that mean something to the mesh of the tests. */
import fc from 'fast-check'

const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`)
const poisoned: unknown = JSON.parse('{"__proto__":{"role":"admin"},"constructor":{"prototype":{}}}')

/** Strings that are hard on whoever reads them. */
export const hardText: readonly string[] = [
  ...['', ' ', '\0', 'a\0b', '\ud800', '\u202e', '\r\n', '%', '%00', '*', '(a+)+$', '[', '{{', '${A', '-', '--', '='],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '../../no/such',
    "'; drop",
    '$(id)',
    'x'.repeat(70_000),
  ],
  ...['0', '-1', '1e999', '9'.repeat(40), 'NaN', 'Infinity', '-Infinity', '99999999999h', '0.0000000001s', '1e5Gi'],
  ...[
    '2026-02-30T25:61:61Z',
    '+275760-09-13T00:00:00.001Z',
    '9999999999999d ago',
    ':',
    '::',
    '1:',
    ':1',
    '65536',
    '0/0',
  ],
]

/** Whatever JSON can carry, and what it cannot. */
export const garbage: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      null,
      true,
      false,
      -1,
      0,
      -0,
      0.5,
      1e308,
      -1e308,
      5e-324,
      2 ** 53,
      2 ** 31,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ],
    ...[[], {}, [[]], [null], { '': null }, poisoned, nested(60), nested(100), nested(20_000)],
    ...hardText,
  ),
  fc.jsonValue({ maxDepth: 3 }),
)

/** What exists in the mesh of the tests, and how times, sizes and places are written. */
const known: readonly string[] = [
  ...['ada', 'bob', 'ghost', 'job', 'web', 'lab', 'default', 'idle', 'wl-aaaaaaaaaa', 'wl-aaaaaaaaaa.1', 'dep-web'],
  ...[
    '1h',
    '24h ago',
    '90s',
    '2026-01-01T00:00:00Z',
    '64Gi',
    '512m',
    '1',
    '100',
    'busybox:1.36',
    'team/app:1',
    'A=b',
    'sh',
    'echo',
  ],
  ...[
    '/tmp:/data',
    '/tmp',
    'canary:10',
    'rolling:2',
    'blue-green',
    'immediate',
    'H100',
    'device=0,1',
    '8080',
    'api:8080',
  ],
  ...['warning', 'error', 'stdout', 'hello', '/hel+o/', 'node', 'gpu', 'docker', 'low', 'NoSchedule', 'viewer', 'abc'],
  ...[`sha256:${'a'.repeat(64)}`, `busybox@sha256:${'b'.repeat(64)}`],
]

export const word: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...known) },
  { weight: 1, arbitrary: fc.constantFrom(...hardText) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
)
