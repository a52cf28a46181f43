import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fakeHost } from '../../../support/fake-host.ts'
import { type Answers, cli, items, workload } from '../../../support/run-cli.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'specs-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

function fileWith(text: string, name = 'work.yaml'): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const manifest = (name: string, spec = 'gpus: 1') =>
  `apiVersion: clawbernetes/v1\nkind: Workload\nmetadata: { name: ${name} }\nspec:\n  image: busybox:1\n  ${spec}\n`

function accepting(): Answers {
  let count = 0
  return {
    'workload.run': (input) => {
      count += 1
      return {
        id: `wl-${count}`,
        name: (input as { name?: string }).name ?? 'job',
        state: 'pending',
        index: count,
        parts: [],
      }
    },
    'workload.wait': () => items(workload({ id: 'wl-1', name: 'job' })),
    'workload.logs': () => items(),
    'workload.plan': () => ({
      fits: true,
      node: 'n1',
      executor: 'docker',
      devices: [],
      parts: [],
      because: 'there is room',
    }),
  }
}

const inputsOf = (asked: readonly { readonly name: string; readonly input: unknown }[], name: string) =>
  asked.filter((one) => one.name === name).map(({ input }) => input)

describe('run --file', () => {
  test('submits what the file says', async () => {
    const { asked, out, code } = await cli(['run', '-d', '--file', fileWith(manifest('job'))], accepting())
    expect(inputsOf(asked, 'workload.run')).toEqual([{ name: 'job', image: 'busybox:1', gpus: 1 }])
    expect([out, code]).toEqual(['wl-1\n', 0])
  })

  test('options go over the file, as the seed has it', async () => {
    const file = fileWith(manifest('job', 'env: { A: "1", B: "1" }\n  replicas: 2\n  gpus: 1'))
    const { asked } = await cli(
      ['run', '-d', '--file', file, '--gpus', '8', '--name', 'scaled-run', '-e', 'B=2', '--nodes', '3'],
      accepting(),
    )
    expect(inputsOf(asked, 'workload.run')).toEqual([
      { name: 'scaled-run', image: 'busybox:1', gpus: '8', env: { A: '1', B: '2' }, nodes: 3 },
    ])
  })

  test('takes standard input as -', async () => {
    const host = fakeHost({ input: '{"image": "busybox:1", "env": ["A=1"]}' })
    const { asked } = await cli(['run', '-d', '--file', '-'], accepting(), host)
    expect(inputsOf(asked, 'workload.run')).toEqual([{ image: 'busybox:1', env: ['A=1'] }])
  })

  test('submits several, each after what it needs, by id', async () => {
    const file = fileWith(
      'services:\n  web: { image: x, depends_on: { init: { condition: service_completed_successfully } } }\n  init: { image: y }\n',
      'compose.yaml',
    )
    const { asked, out } = await cli(['run', '-d', '--file', file, '--idempotency-key', 'k'], accepting())
    expect(inputsOf(asked, 'workload.run')).toEqual([
      { name: 'init', image: 'y', idempotencyKey: 'k/0' },
      { name: 'web', image: 'x', afterOk: ['wl-1'], idempotencyKey: 'k/1' },
    ])
    expect(out).toBe('wl-1\nwl-2\n')
  })

  const healthy =
    'services:\n  web: { image: x, depends_on: { db: { condition: service_healthy } } }\n  db: { image: y, healthcheck: { test: "true" } }\n'

  test('submits what needs another to be healthy once that is', async () => {
    const answers = {
      ...accepting(),
      'workload.wait': () =>
        items(workload({ state: 'running', ready: false }), workload({ state: 'running', ready: true })),
    }
    const { asked, err } = await cli(['run', '-d', '--file', fileWith(healthy, 'compose.yaml')], answers)
    expect(asked.map(({ name }) => name)).toEqual(['workload.run', 'workload.wait', 'workload.run'])
    expect(err).toContain('waiting until db is ready')
  })

  test('does not submit what needs another that has failed', async () => {
    const failed = workload({
      state: 'failed',
      ready: null,
      error: { code: 'NONZERO_EXIT', message: 'It ended with 3.' },
    })
    const answers = { ...accepting(), 'workload.wait': () => items(failed) }
    const { asked, err, code } = await cli(['run', '-d', '--file', fileWith(healthy, 'compose.yaml')], answers)
    expect(asked.map(({ name }) => name)).toEqual(['workload.run', 'workload.wait'])
    expect(code).toBe(7)
    expect(err).toMatch(
      /web is not submitted, nor what follows it\n.*DEPENDENCY_FAILED.*db was never ready: It ended with 3\./,
    )
  })

  test('words behind the file are the command', async () => {
    const { asked } = await cli(
      ['run', '-d', '--file', fileWith(manifest('job')), '--', 'sh', '-c', 'true'],
      accepting(),
    )
    expect(inputsOf(asked, 'workload.run')).toEqual([
      { name: 'job', image: 'busybox:1', gpus: 1, command: ['sh', '-c', 'true'] },
    ])
  })

  test('takes variables of a Compose file from the environment, and from .env beside it', async () => {
    fileWith('TAG=2\nNAME=from-file\n', '.env')
    const file = fileWith('services:\n  web: { image: "busybox:${TAG}", container_name: "${NAME}" }\n', 'compose.yaml')
    const { asked } = await cli(['run', '-d', '--file', file], accepting(), fakeHost({ env: { NAME: 'from-here' } }))
    expect(inputsOf(asked, 'workload.run')).toEqual([{ name: 'from-here', image: 'busybox:2' }])
    rmSync(join(folder, '.env'))
  })

  test('one name cannot be given to several', async () => {
    const file = fileWith(`${manifest('a')}---\n${manifest('b')}`)
    const { err, code, asked } = await cli(['run', '-d', '--file', file, '--name', 'c'], accepting())
    expect([code, asked]).toEqual([5, []])
    expect(err).toMatch(/name cannot be given for 2 workloads at once/)
  })

  test('--dry-run asks where each would go, and submits nothing', async () => {
    const file = fileWith(`${manifest('a')}---\n${manifest('b')}`)
    const { asked, code } = await cli(['run', '--dry-run', '--file', file], accepting())
    expect(asked.map(({ name }) => name)).toEqual(['workload.plan', 'workload.plan'])
    expect(code).toBe(0)
  })

  test('a namespace of the file goes before that of the environment', async () => {
    const file = fileWith('image: x\nnamespace: team-a\n')
    const env = { CLAWBERNETES_NAMESPACE: 'team-b' }
    const { asked } = await cli(['run', '-d', '--file', file], accepting(), fakeHost({ env }))
    expect(inputsOf(asked, 'workload.run')).toEqual([{ image: 'x', namespace: 'team-a' }])
  })

  test.each([
    ['no such file', () => join(folder, 'none.yaml'), /none\.yaml cannot be read: there is no such file/],
    ['a folder', () => folder, /cannot be read: it is a folder/],
    ['a mistake', () => fileWith('image: x\ngpsu: 1\n'), /work\.yaml:2:1: there is no gpsu; did you mean gpus\?/],
  ])('%s is refused with 5', async (_, file, wanted) => {
    const { err, code, asked } = await cli(['run', '--file', file()], accepting())
    expect([code, asked]).toEqual([5, []])
    expect(err).toMatch(wanted)
  })
})

describe('validate', () => {
  test('names every document', async () => {
    const file = fileWith(`${manifest('a')}---\n${manifest('b')}`)
    const { out, code } = await cli(['validate', file])
    expect(out).toBe(`${file}:1: workload a is valid\n${file}:8: workload b is valid\n`)
    expect(code).toBe(0)
  })

  test('tells every problem of every file', async () => {
    const [one, other] = [fileWith('image: x\ngpsu: 1\ncpuu: 1\n', 'one.yaml'), fileWith('imge = "x"\n', 'other.toml')]
    const { err, code } = await cli(['validate', one, other])
    expect(code).toBe(5)
    expect(err.split('\n').slice(0, 3)).toEqual([
      `${one}:2:1: there is no gpsu; did you mean gpus?`,
      `${one}:3:1: there is no cpuu; did you mean cpu?`,
      `${other}:1:1: image: it is missing`,
    ])
    expect(err).toMatch(/error\[SPEC_INVALID\]: The file is not valid: 4 problems\./)
  })
})

describe('explain and schema', () => {
  test.each([
    ['workload.resources.gpus', /How many GPUs/],
    ['workload.spec.gpus.type', /Model or family/],
    ['workload.spec.constraints', /restartPolicy/],
    ['compose.services.depends_on', /list of text or map/],
    ['request.image', /text> {2}required/],
  ])('%s is explained', async (path, wanted) => {
    const { out, code } = await cli(['explain', path])
    expect(code).toBe(0)
    expect(out).toMatch(wanted)
  })

  test('a path that is not there is refused with the nearest', async () => {
    const { err, code } = await cli(['explain', 'workload.spec.gpsu'])
    expect(code).toBe(5)
    expect(err).toMatch(/did you mean workload\.spec\.gpus\?/)
  })

  test('the schema is JSON Schema', async () => {
    const { out } = await cli(['schema', 'compose'])
    expect(JSON.parse(out)).toMatchObject({ $schema: expect.stringContaining('json-schema.org'), type: 'object' })
  })
})
