import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { yamlOf } from '../../../src/specs/yaml.ts'
import { problemsOf, requestsOf, told } from '../../support/specs.ts'

/** TOML's writer for what requests are made of; tables inside of lists are written inline. */
function tomlOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlOf).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, inner]) => `${JSON.stringify(key)} = ${tomlOf(inner)}`)
      .join(', ')} }`
  // JSON leaves DEL as it is, which TOML does not take.
  return JSON.stringify(value).replaceAll('\u007f', '\\u007F')
}

const tomlFile = (request: object): string =>
  Object.entries(request)
    .map(([key, value]) => `${key} = ${tomlOf(value)}\n`)
    .join('')

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/)
/** A lone half of a pair is no text that a file could hold. */
const text = fc.string({ unit: 'grapheme', maxLength: 24 })
const words = fc.dictionary(name, text, { maxKeys: 4 })

const request = fc.record(
  {
    image: fc.constantFrom('busybox:1', 'docker.io/library/python:3.12'),
    name: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
    command: fc.oneof(text, fc.array(text, { maxLength: 4 })),
    env: words,
    gpus: fc.oneof(fc.nat(64), fc.constant('device=0,1')),
    gpuType: fc.constantFrom('H100', 'RTX 4090'),
    memory: fc.oneof(fc.constantFrom('64Gi', '512m'), fc.integer({ min: 6, max: 80_000 })),
    cpu: fc.constantFrom(0.5, 1, 2.5, 16),
    volumes: fc.array(fc.constantFrom('/data:/in:ro', 'cache:/root/.cache'), { maxLength: 2 }),
    timeout: fc.oneof(fc.constant('24h'), fc.integer({ min: 1, max: 9_000 })),
    labels: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/), fc.stringMatching(/^[a-z0-9]{0,8}$/), {
      maxKeys: 3,
    }),
    tolerations: fc.array(fc.constantFrom<object | string>({ key: 'team', effect: 'NoSchedule' }, 'a=b'), {
      maxLength: 2,
    }),
    restart: fc.constantFrom<object | string>('always', { policy: 'on-failure', maxRetries: 2, backoff: '5s' }),
    gang: fc.constant(false),
    replicas: fc.integer({ min: 1, max: 1_000 }),
    priority: fc.constantFrom<string | number>('high', 700),
  },
  { requiredKeys: ['image'], noNullPrototype: true },
)

describe('given a request, written down it reads as the same request', () => {
  test.each([
    ['json', (value: object) => JSON.stringify(value, null, '\t')],
    ['json', (value: object) => JSON.stringify(value)],
    ['yaml', (value: object) => yamlOf(value)],
    ['toml', tomlFile],
  ] as const)('as %s', (format, write) => {
    fc.assert(
      fc.property(request, (wanted) => {
        expect(requestsOf(write(wanted), { format })).toEqual([wanted])
      }),
      { numRuns: 150 },
    )
  })
})

describe('given a mistake, each format says where it is', () => {
  test.each([
    ['json', '{\n  "image": "x",\n\t"gpsu": 1\n}', 'file.json:3:2: there is no gpsu; did you mean gpus?'],
    ['json', '{"image": "x"', /^file\.json:1:14: no JSON: /],
    ['json', '{"image": "x",}', /^file\.json:1:15: no JSON: /],
    ['json', '{"image": "x", "image": "y"}', 'file.json:1:16: image stands here for the second time'],
    ['json', 'image: x', /^file\.json:1:\d+: no JSON: /],
    ['yaml', 'image: x\ngpsu: 1', 'file.yaml:2:1: there is no gpsu; did you mean gpus?'],
    ['yaml', 'image: x\nimage: y', 'file.yaml:2:1: image stands here for the second time'],
    ['yaml', 'image: [x', /^file\.yaml:1:10: /],
    ['yaml', 'image: x\n gpus: 1', /^file\.yaml:\d:\d+: /],
    ['toml', 'image = "x"\n\ngpsu = 1', 'file.toml:3:1: there is no gpsu; did you mean gpus?'],
    ['toml', 'image = "x"\nimage = "y"', /^file\.toml:2:1: no TOML: /],
    ['toml', 'image = ', /^file\.toml:1:\d+: no TOML: /],
    ['toml', 'image = "x"\nrestart = { policy = "always", max = 1 }', /^file\.toml:2:32: there is no max in restart/],
    [
      'toml',
      'image = "x"\ntolerations = [\n  "a=b", # one\n  { key = "k", efect = "x" },\n]',
      /^file\.toml:4:16: there is no efect/,
    ],
    [
      'toml',
      '[workload]\nimage = "x"\n[workload.resources]\ngpu_typ = "H100"',
      'file.toml:4:1: there is no gpu_typ in workload.resources; did you mean gpu_type?',
    ],
    ['toml', '[workload]\nimage = "x"\nworkload.env = 1', /^file\.toml:3:1: /],
    ['toml', '[workload]\nimage = "x"\nresources.memory = "lots"', /^file\.toml:3:11: memory “lots” is no size/],
    ['toml', '[workload]\nimage = "x"\n[workload.labels]\n"a b" = "x"', /^file\.toml:(3:11|4:1): /],
    ['toml', '[workload]\nimage = "x"\n[job]\n', 'file.toml:3:2: there is no job'],
  ] as const)('%s: %j', (format, text, wanted) => {
    const [first] = problemsOf(text, { format }) as readonly string[]
    if (typeof wanted === 'string') expect(first).toBe(wanted)
    else expect(first).toMatch(wanted)
  })
})

describe('workload.toml', () => {
  test('its keys may be written in either way', () => {
    const text = '[workload]\nimage = "x"\ngpuType = "H100"\nstop_grace = "5s"\n[workload.resources]\nmemoryMib = 512\n'
    expect(requestsOf(text, { format: 'toml' })).toEqual([
      { image: 'x', gpuType: 'H100', stopGrace: '5s', memory: 512 },
    ])
  })

  test('names of variables and labels stay as they are', () => {
    const text =
      '[workload]\nimage = "x"\nlabels = { tier_name = "a", tierName = "b" }\n[workload.env]\nmyVar = "1"\nMY_PORT = 8080\n'
    expect(requestsOf(text, { format: 'toml' })).toEqual([
      { image: 'x', labels: { tier_name: 'a', tierName: 'b' }, env: { myVar: '1', MY_PORT: '8080' } },
    ])
  })

  test('any GPU is any', () => {
    const text = '[workload]\nimage = "x"\n[workload.resources]\ngpus = 2\ngpu_type = "any"\nprefer_nvlink = true\n'
    expect(requestsOf(text, { format: 'toml' })).toEqual([{ image: 'x', gpus: 2 }])
  })
})

describe('given YAML that wants too much, it is refused at once', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x,x]',
    ...'bcdefgh'.split('').map(
      (letter, index) =>
        `${letter}: &${letter} [${Array<string>(10)
          .fill(`*${'abcdefgh'[index] ?? ''}`)
          .join(',')}]`,
    ),
  ].join('\n')
  test.each([
    ['aliases of aliases', bomb, /stands for more than 50000 values/],
    [
      'merges of merges',
      `a: &a {${Array.from({ length: 300 }, (_, i) => `k${i}: 1`).join(',')}}\nb: {<<: [${Array<string>(300).fill('*a').join(',')}]}`,
      /stands for more than 50000 values/,
    ],
    ['what names itself', 'a: &a [*a]', /\*a names nothing that stands before it/],
    ['deep lists', `a: ${'['.repeat(500)}${']'.repeat(500)}`, /nests deeper than 64 levels|is not/],
    ['deep maps', `a: ${'{a: '.repeat(200)}1${'}'.repeat(200)}`, /nests deeper than 64 levels/],
    ['deep dashes', '- '.repeat(10_000), /./],
    ['10 MB', 'x'.repeat(10_000_000), /longer than 262144 characters/],
    ['a thousand documents', '---\na: 1\n'.repeat(1_000), /more than 256 documents/],
    ['a tag of its own', 'image: !!js/function x', /tag|is not known/],
    ['a key that is no word', '? [a]\n: 1', /a key must be a plain word/],
    ['the prototype', '__proto__: { image: x }\nimage: y', /there is no __proto__/],
    ['many keys', Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n'), /there is no k0/],
  ])('%s', (_, text, wanted) => {
    const problems = problemsOf(text)
    expect(told(problems)).toMatch(wanted)
  })

  test('anchors and merges as people use them are followed', () => {
    const text = 'base: &base { gpus: 1, env: { A: "1" } }\n'
    expect(problemsOf(`${text}<<: *base\nimage: x`)).toEqual(['file.yaml:1:1: there is no base; did you mean name?'])
    expect(requestsOf('labels: &l { app: db }\nimage: x\nnear: [*l]')).toEqual([
      { labels: { app: 'db' }, image: 'x', near: [{ app: 'db' }] },
    ])
  })
})
