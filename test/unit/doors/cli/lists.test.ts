import { expect, test } from 'vitest'
import { selected } from '../../../../src/doors/cli/show/selection.ts'
import { selectorOf } from '../../../../src/doors/cli/show/label-selector.ts'
import { filled, templateOf } from '../../../../src/doors/cli/show/template.ts'
import { fakeHost } from '../../../support/fake-host.ts'
import { cli, workload } from '../../../support/run-cli.ts'

const jobs = [
  workload({ id: 'wl-1', name: 'train', state: 'running', gpus: 8, labels: { app: 'llm', tier: 'prod' } }),
  workload({ id: 'wl-2', name: 'serve', state: 'running', gpus: 1, labels: { app: 'llm' }, exitCode: null }),
  workload({ id: 'wl-3', name: 'sweep', state: 'failed', gpus: 2, labels: {}, exitCode: 3 }),
]
const answers = { 'workload.list': () => jobs }
const list = (...options: readonly string[]) => cli(['workload', 'list', ...options], answers)
const names = async (...options: readonly string[]): Promise<readonly string[]> =>
  (await list('-o', 'name', ...options)).out.split('\n').filter((line) => line !== '')

test('given workloads, when they are filtered, then each condition has to hold', async () => {
  expect(await names('--filter', 'state=running')).toEqual(['train', 'serve'])
  expect(await names('--filter', 'gpus>1', '--filter', 'state!=failed')).toEqual(['train'])
  expect(await names('--filter', 'gpus<=2')).toEqual(['serve', 'sweep'])
  expect(await names('--filter', 'name~S')).toEqual(['serve', 'sweep'])
  expect(await names('--filter', 'exitCode=')).toEqual(['serve'])
  expect(await names('--filter', 'exit>=3')).toEqual(['sweep'])
})

test('given keys that are the user’s own, when rows are filtered by one, then those without it are not picked and nothing is short for it', async () => {
  expect(await names('--filter', 'labels.app=llm')).toEqual(['train', 'serve'])
  expect(await names('--filter', 'labels.tier=prod')).toEqual(['train'])
  expect(await names('--filter', 'labels.tier!=prod')).toEqual(['serve', 'sweep'])
  expect(await names('--filter', 'labels.ap=llm')).toEqual([])
  const rows = [{ labels: { 'a.b/c': '1' } }, { labels: {} }]
  const pick = (text: string) => selected(rows, { filters: [text], labels: [], sortBy: undefined })
  expect(pick('labels.a.b=1')).toEqual([])
  const some = [{ name: 'a', exit: 1 }, { name: 'b' }]
  expect(selected(some, { filters: ['exit=1'], labels: [], sortBy: undefined })).toEqual([some[0]])
})

test('given labels, when a selector is named, then it picks as kubectl does', async () => {
  expect(await names('-l', 'app=llm,tier!=prod')).toEqual(['serve'])
  expect(await names('-l', '!app')).toEqual(['sweep'])
  expect(await names('--selector', 'tier')).toEqual(['train'])
  const fits = selectorOf('zone in (a, b),!spot')
  expect([{ zone: 'a' }, { zone: 'c' }, { zone: 'b', spot: '1' }].map(fits)).toEqual([true, false, false])
  expect(selectorOf('zone notin (a)')({ zone: 'b' })).toBe(true)
})

test('given an order, when rows are sorted, then numbers count as numbers and what is not known comes last', async () => {
  expect(await names('--sort-by', 'gpus')).toEqual(['serve', 'sweep', 'train'])
  expect(await names('--sort-by', 'gpus:desc')).toEqual(['train', 'sweep', 'serve'])
  expect(await names('--sort-by', 'exitCode')).toEqual(['train', 'sweep', 'serve'])
})

test('given rows within rows, when a field is short, then it is found where it is clear', () => {
  const rows = [
    { name: 'a', gpuModel: 'H100', gpus: [{ utilization: 97 }, { utilization: 2 }] },
    { name: 'b', gpuModel: 'A100', gpus: [{ utilization: 50 }] },
  ]
  const filter = (text: string) =>
    selected(rows, { filters: [text], labels: [], sortBy: undefined }).map(({ name }) => name)
  expect(filter('gpu.util>90')).toEqual(['a'])
  expect(filter('gpus.utilization<60')).toEqual(['a', 'b'])
  expect(filter('gpuModel=A100')).toEqual(['b'])
  expect(() => filter('gpuModle=A100')).toThrow('there is no field gpuModle; did you mean gpuModel?')
})

test.each([
  [['--filter', 'state'], '--filter state is no condition'],
  [['--filter', 'stat e=1'], 'is no condition'],
  [['--filter', 'staet=running'], 'did you mean state?'],
  [['-l', 'a b'], 'is no label selector'],
  [['-o', 'jsonpath=.a['], 'is not understood'],
  [['-o', 'jsonpath={range .a}'], '{range} without {end}'],
  [['-o', 'xml'], 'there is no format xml; take table, wide, json, yaml, jsonl, name, jsonpath=EXPR'],
  [['--color', 'blue'], '--color blue is none of auto, always, never'],
])('given %j, when it is asked for, then it is refused with what is wrong', async (options, problem) => {
  const { code, err } = await list(...options)
  expect([code, err.split('\n')[0]]).toEqual([5, expect.stringContaining(problem)])
})

test('given a format, when a list is shown, then it is in that format', async () => {
  expect((await list('-o', 'jsonl', '--filter', 'gpus=8')).out).toBe(`${JSON.stringify(jobs[0])}\n`)
  expect(JSON.parse((await list('-o', 'json', '-l', 'nobody')).out)).toEqual([])
  expect((await list('-q')).out).toBe('wl-1\nwl-2\nwl-3\n')
  expect((await list('-o', 'jsonpath=[*].name')).out).toBe('train serve sweep\n')
  expect((await list('-o', 'jsonpath={range [*]}{.name}{"\\t"}{.gpus}{"\\n"}{end}')).out).toBe(
    'train\t8\nserve\t1\nsweep\t2\n',
  )
  expect((await list('--no-headers', '--filter', 'name=sweep')).out).toMatch(/^wl-3 +sweep +failed/)
  expect((await list()).out).toMatch(/^ID +NAME/)
})

test('given a format before the command, when it is the alias of the seeds, then it is the same', async () => {
  const { out } = await cli(['--format', 'json', 'workload', 'list'], answers)
  expect(JSON.parse(out)).toHaveLength(3)
  expect((await cli(['-f', 'name', 'workload', 'list'], answers)).out).toBe('train\nserve\nsweep\n')
})

test('given a narrow terminal, when a table is too wide, then it is cut, unless that is not wanted', async () => {
  const image = 'registry.example.com/a/very/long/name/of/an/image/that/goes/on/and/on:latest'
  const wide = { 'workload.list': () => [workload({ image, name: 'job' })] }
  const host = () => {
    const made = fakeHost({ isTTY: true })
    Object.assign(made.stdout, { columns: 180 })
    return made
  }
  const cut = await cli(['workload', 'list', '-o', 'wide'], wide, host())
  expect(cut.out).toContain('…')
  expect(Math.max(...cut.out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(180)
  expect((await cli(['workload', 'list', '-o', 'wide', '--no-trunc'], wide, host())).out).toContain(image)
})

test('given colour is wanted or not, when something fails, then it is as was said', async () => {
  const red = '\u001b[1;31m'
  const failing = (options: readonly string[], env: Readonly<Record<string, string>>) =>
    cli(['node', 'list', ...options], {}, fakeHost({ env: { NO_COLOR: '', ...env } }))
  expect((await failing([], {})).err).not.toContain(red)
  expect((await failing(['--color', 'always'], { NO_COLOR: '1' })).err).toContain(red)
  expect((await failing([], { FORCE_COLOR: '1' })).err).toContain(red)
  expect((await failing(['--color', 'never'], { FORCE_COLOR: '1' })).err).not.toContain(red)
})

test('given a template, when a value is no plain one, then it is JSON', () => {
  expect(filled(templateOf('{.a} is {.b[0]}'), { a: { x: 1 }, b: ['y'] })).toBe('{"x":1} is y')
})

test('given a list that is watched, when a row changes, comes or goes, then a line says so until Ctrl-C', async () => {
  const interrupt = new AbortController()
  const looks = [
    [jobs[1], jobs[2]],
    [jobs[0], { ...jobs[1], state: 'completed' }, { ...jobs[2], submittedAt: '2026-01-02T00:00:00.000Z' }],
    [jobs[0], { ...jobs[1], state: 'completed' }],
  ]
  let look = 0
  const { code, out } = await cli(
    ['workload', 'list', '--watch', '-o', 'jsonl'],
    {
      'workload.list': () => {
        const rows = looks[look++]
        if (look === looks.length) setTimeout(() => interrupt.abort())
        return rows
      },
    },
    fakeHost(),
    interrupt,
  )
  const told = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; state: string; deleted?: true })
  expect(code).toBe(130)
  expect(told.map(({ name, state, deleted }) => [name, state, deleted])).toEqual([
    ['serve', 'running', undefined],
    ['sweep', 'failed', undefined],
    ['train', 'running', undefined],
    ['serve', 'completed', undefined],
    ['sweep', 'failed', true],
  ])
})

test('given no terminal, when a list is to be drawn live, then that is refused', async () => {
  expect(await list('--live')).toMatchObject({ code: 5, err: expect.stringContaining('--watch') as string })
})

test('given a terminal, when a list is live, then it is drawn in place and the terminal is left as it was', async () => {
  const interrupt = new AbortController()
  const host = fakeHost({ isTTY: true })
  const { code, out } = await cli(
    ['workload', 'list', '--live'],
    {
      'workload.list': () => {
        setTimeout(() => interrupt.abort(), 20)
        return jobs
      },
    },
    host,
    interrupt,
  )
  expect(code).toBe(130)
  expect(out.startsWith('\u001b[?1049h')).toBe(true)
  expect(out).toContain('train')
  expect(out.endsWith('\u001b[?1049l')).toBe(true)
})
