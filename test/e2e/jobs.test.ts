/** Jobs, schedules and workflows on three real daemons, whose leader dies in the middle of it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, Mesh } from '../support/mesh.ts'

let mesh: Mesh

beforeAll(async () => {
  mesh = await Mesh.start({ names: ['one', 'two', 'three'] })
  await mesh.voters(3)
})

afterAll(async () => {
  await mesh.stop()
})

interface JobReply {
  readonly state: string
  readonly completions: string
  readonly failed: number
  readonly failureReason: string | null
  readonly results: readonly { readonly index: number; readonly result: string }[]
  readonly runs: readonly { readonly name: string; readonly index: number; readonly state: string }[]
}

interface Passing {
  readonly steps: readonly { readonly passed: readonly unknown[] }[]
}

const shell = (text: string): readonly string[] => ['host', '--', 'sh', '-c', text]
const status = (name: string): Promise<JobReply> => mesh.get(1).json('job', 'status', name)

test('given a job of five numbered runs, one of which fails at first, then it is tried again after a pause, and each is done once', async () => {
  const mark = join(mesh.directory, 'tried')
  const work = `test $CLAW_INDEX != 2 || test -e ${mark} || { touch ${mark}; exit 3; }; echo "$CLAW_RESULT run $JOB_COMPLETION_INDEX of $CLAW_COUNT"`
  const options = ['--completions', '5', '--parallelism', '3', '--backoff', '1s', '--wait']
  const reply = await mesh.get(0).cli('job', 'create', 'numbered', ...options, ...shell(work))
  expect(reply.stderr).toContain('numbered: active')
  expect(reply.code).toBe(0)
  const job = await status('numbered')
  expect(job).toMatchObject({ state: 'completed', completions: '5/5', failed: 1 })
  expect(job.results).toEqual([0, 1, 2, 3, 4].map((index) => ({ index, result: `run ${index} of 5` })))
  const done = job.runs.filter((run) => run.state === 'completed').map(({ index }) => index)
  expect(done.toSorted()).toEqual([0, 1, 2, 3, 4])
  const { stdout } = await mesh.get(2).cli('job', 'logs', 'numbered', '--index', '4')
  expect(stdout).toContain('run 4 of 5')
})

test('given a job that fails more often than it may, then waiting for it ends with 1 and says why', async () => {
  const options = ['--backoff-limit', '1', '--backoff', '200ms', '--wait']
  const { code, stderr } = await mesh.get(0).cli('job', 'create', 'doomed', ...options, ...shell('exit 7'))
  expect([code, stderr]).toEqual([1, expect.stringContaining('2 runs have failed')])
  expect(await status('doomed')).toMatchObject({ state: 'failed', failureReason: 'BackoffLimitExceeded' })
})

test('given a schedule of every second, when the leader is killed, then each moment is done once', async () => {
  const account = join(mesh.directory, 'moments')
  writeFileSync(account, '')
  const seconds = (): readonly number[] =>
    [...readFileSync(account, 'utf8').matchAll(/tick-(\d{10})-/g)].map(([, second]) => Number(second))
  const settings = ['--schedule', '* * * * * *', '--missed', 'run-all']
  await mesh.get(0).json('cron', 'create', 'tick', ...settings, ...shell(`echo $CLAW_NAME >> ${account}`))
  await eventually(
    'some moments',
    15_000,
    () => Promise.resolve(seconds().length),
    (count) => count >= 2,
  )
  const leader = await mesh.leader()
  await leader.end('SIGKILL')
  const [survivor] = mesh.daemons.filter((daemon) => daemon !== leader)
  if (survivor === undefined) throw new Error('nobody is left')
  await leader.start()
  const before = seconds().length
  await eventually(
    'more moments',
    30_000,
    () => Promise.resolve(seconds().length),
    (count) => count >= before + 6,
  )
  const { jobName } = await survivor.json<{ jobName: string }>('cron', 'trigger', 'tick')
  expect(jobName).toMatch(/^tick-manual-\d{13}$/)
  await survivor.json('cron', 'suspend', 'tick')
  const { fired, missed } = await survivor.json<{ fired: number; missed: number }>('cron', 'info', 'tick')
  await eventually(
    'all that began is done',
    20_000,
    () => Promise.resolve(seconds().length),
    (count) => count >= fired,
  )
  const done = seconds().toSorted((a, b) => a - b)
  expect(done).toEqual(done.map((_, i) => (done[0] ?? 0) + i))
  expect([done.length, missed]).toEqual([fired, 0])
  await survivor.json('cron', 'delete', 'tick', '--yes')
})

test('given a workflow, then results are passed on, a list is gone through, and what failed is tried again alone', async () => {
  const mark = join(mesh.directory, 'ready')
  const file = join(mesh.directory, 'workflow.yaml')
  const step = (name: string, command: string, ...rest: readonly string[]) => ({
    ...{ name, image: 'host', backoffLimit: 0, command: ['sh', '-c', command, ...rest] },
  })
  const tell = 'printf "%s %s\\n" "$CLAW_RESULT" "$0"'
  const owned = join(mesh.directory, 'owned')
  const [begin, end] = [`'; touch ${owned} # $(touch ${owned})`, 'steps.list.result}}']
  const nasty = `${begin}{{${end}`
  const steps = [
    step('list', 'echo "$CLAW_RESULT [1,2,3]"'),
    { ...step('square', 'echo "$CLAW_RESULT $((CLAW_ITEM * CLAW_ITEM))"'), forEach: 'list' },
    { ...step('sum', `test -e ${mark} && echo "$CLAW_RESULT $CLAW_RESULT_SQUARE"`), needs: ['square'] },
    { ...step('alarm', tell, 'code {{steps.sum.exitCode}}'), needs: ['sum'], when: 'failure' },
    step('nasty', 'printf "%s %s{{%s\\n" "$CLAW_RESULT" "$0" "$1"', begin, end),
    { ...step('say', tell, '<{{steps.nasty.result}}>'), needs: ['nasty'] },
  ]
  const whole = { apiVersion: 'clawbernetes/v1', kind: 'Workflow', metadata: { name: 'sums' }, spec: { steps } }
  writeFileSync(file, JSON.stringify(whole))
  const { stdout: plan, stderr: problem } = await mesh.get(0).cli('workflow', 'validate', file)
  expect(problem).toBe('')
  expect(plan).toContain('sums in default: 6 steps in 4 stages')
  expect(plan).toContain('command[3] = <{{steps.nasty.result}}>')
  const first = await mesh.get(0).cli('workflow', 'create', file, '--wait')
  expect([first.code, first.stderr]).toEqual([1, expect.stringContaining('WORKFLOW_FAILED')])
  writeFileSync(mark, '')
  await mesh.get(1).json('workflow', 'retry', 'sums')
  interface Reply {
    readonly state: string
    readonly round: number
    readonly steps: readonly { readonly name: string; readonly state: string; readonly result: string | null }[]
  }
  const done = await eventually(
    'it is done',
    20_000,
    () => mesh.get(2).json<Reply>('workflow', 'status', 'sums'),
    ({ state }) => state === 'completed',
  )
  expect(done.round).toBe(2)
  expect(done.steps.map(({ name, state, result }) => [name, state, result])).toEqual([
    ['list', 'completed', '[1,2,3]'],
    ['square', 'completed', '["1","4","9"]'],
    ['sum', 'completed', '["1","4","9"]'],
    ['alarm', 'completed', 'code 1'],
    ['nasty', 'completed', nasty],
    ['say', 'completed', `<${nasty}>`],
  ])
  expect(existsSync(join(mesh.directory, 'owned'))).toBe(false)
  const said = await mesh.get(2).json<Passing>('workflow', 'status', 'sums')
  expect(said.steps.at(-1)?.passed[0]).toEqual({
    ...{ place: 'command[3]', from: '<{{steps.nasty.result}}>', value: `<${nasty}>` },
  })
  expect((await mesh.get(0).cli('workflow', 'logs', 'sums', '--step', 'sum')).stdout).toContain('["1","4","9"]')
})
