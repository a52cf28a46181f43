/** What only the process executor has to survive: the end of its supervisor, escaped children, and hosts without control groups. */
import { linesOf } from '../../src/lib/log-block.ts'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, watch as watchFolder, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { cgroupMembers } from '../../src/adapters/process/cgroup.ts'
import { identityOf } from '../../src/adapters/process/identity.ts'
import { ProcessExecutor } from '../../src/adapters/process/process-executor.ts'
import { killAll, processesOf } from '../../src/adapters/process/process-tree.ts'
import { readRunning } from '../../src/adapters/process/records.ts'
import { markOf } from '../../src/adapters/process/task-environment.ts'
import { meshId, nodeId, placementId, workloadId } from '../../src/model/ids.ts'
import { WorkloadSpec } from '../../src/model/workload.ts'
import type { Task, TaskState } from '../../src/ports/executor.ts'
import { fillDisk, mountSmallDisk } from '../support/small-disk.ts'

const supervisor = join(import.meta.dirname, '..', '..', 'src', 'bin', 'supervise.ts')
const smallDisk = join(import.meta.dirname, '..', 'support', 'small-disk.ts')
const never = new AbortController().signal
const workload = workloadId('wl-process')
const placement = placementId(workload, 1)
const [mesh, node] = [meshId('mesh-1'), nodeId('node-1')]

let folder: string
let executor: ProcessExecutor
const open = (program = supervisor): ProcessExecutor =>
  new ProcessExecutor({
    folder,
    supervisor: program,
    onPanic: (error) => {
      throw error
    },
  })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-process-'))
  executor = open()
})
afterEach(async () => {
  await executor.stop(placement, 0)
  await executor.close()
  await rm(folder, { recursive: true, force: true })
})

const shell = (script: string, spec: Partial<WorkloadSpec> = {}): Task => ({
  placement,
  workload,
  attempt: 1,
  term: 1,
  env: {},
  mesh,
  node,
  name: 'test',
  spec: { ...WorkloadSpec.parse({ image: 'host', command: ['sh', '-c', script] }), ...spec },
  devices: [],
})

function ended(of: ProcessExecutor = executor): Promise<TaskState> {
  return new Promise((resolve) => {
    const look = (): void => {
      const state = of.status(placement)?.status
      if (state?.state === 'ended') resolve(state)
    }
    of.onStatus(look)
    look()
  })
}

async function printed(): Promise<string[]> {
  const texts: string[] = []
  const query = { follow: true, tail: null, from: null }
  for await (const block of executor.logs(placement, query, never))
    texts.push(...linesOf(block).map(({ text }) => text))
  return texts
}

async function running() {
  const record = await readRunning(join(folder, placement))
  if (record === null) throw new Error('the task does not run')
  return record
}

const isThere = async (pid: number): Promise<boolean> => (await identityOf(pid)) !== null

test('when the supervisor is killed the task is lost, and nothing of it goes on', async () => {
  await executor.start(shell('echo up; exec sleep 600'), never)
  const { supervisor: watcher, child } = await running()
  process.kill(watcher.pid, 'SIGKILL')
  expect(await ended()).toMatchObject({ exitCode: null, error: { code: 'WORKLOAD_LOST' } })
  expect(await isThere(child.pid)).toBe(false)
})

test('it starts in the folder that was asked for', async () => {
  const task = shell('pwd')
  await executor.start({ ...task, spec: { ...task.spec, workdir: '/usr' } }, never)
  await ended()
  expect(await printed()).toEqual(['/usr'])
})

test.each([
  [{ workdir: '/nowhere/at/all' }, /there is no folder \/nowhere\/at\/all on this host/],
  [{ user: 'nobody' }, /the process executor runs everything as its own user/],
])('%j is refused', async (parts, wanted) => {
  const task = shell('true')
  await expect(executor.start({ ...task, spec: { ...task.spec, ...parts } }, never)).rejects.toThrow(wanted)
})

test('a supervisor that was killed while no daemon ran is found out at adoption', async () => {
  await executor.start(shell('exec sleep 600'), never)
  const { supervisor: watcher, child } = await running()
  await executor.close()
  process.kill(watcher.pid, 'SIGKILL')
  executor = open()
  await executor.adopt(mesh, node, never)
  expect(await ended(executor)).toMatchObject({ error: { code: 'WORKLOAD_LOST' } })
  expect(await isThere(child.pid)).toBe(false)
})

test('children that a task leaves behind, in a session of their own too, end with it', async () => {
  await executor.start(shell('setsid sleep 600 & echo $!; sleep 600 & echo $!; exit 0'), never)
  await ended()
  const pids = (await printed()).map(Number)
  expect(pids).toHaveLength(2)
  for (const pid of pids) expect(await isThere(pid)).toBe(false)
})

test('without control groups, processes are found by session and by the mark they inherit', async () => {
  await executor.start(shell('setsid sleep 600 & sleep 600 & echo ready; wait'), never)
  const { child } = await running()
  for await (const block of executor.logs(placement, { follow: true, tail: null, from: null }, never))
    if (linesOf(block).some(({ text }) => text === 'ready')) break
  const tree = { child, cgroups: [], mark: markOf(placement) }
  expect((await processesOf(tree)).length).toBeGreaterThanOrEqual(3)
  expect(await killAll(tree)).toBe(true)
  expect(await ended()).toMatchObject({ exitCode: 137 })
})

test('its control groups are gone when it has ended', async () => {
  await executor.start(shell('true'), never)
  const { cgroups, supervisor: watcher } = await running()
  await ended()
  await expect.poll(() => isThere(watcher.pid)).toBe(false)
  expect(await cgroupMembers(cgroups)).toBeNull()
})

test('a limit that does not hold is said in the log, and the task runs', async () => {
  await executor.start(shell('echo on', { cpus: 0.5, memoryMib: 64 }), never)
  expect(await ended()).toMatchObject({ exitCode: 0 })
  const lines = await printed()
  expect(lines.at(-1)).toBe('on')
  for (const line of lines.slice(0, -1)) expect(line).toMatch(/^clawnode: the .* does not hold: /)
})

test('its environment is for the owner only, and holds nothing of the daemon’s', async () => {
  process.env['CLAW_TEST_SECRET'] = 'leaked'
  await executor.start(shell('env | cut -d= -f1 | sort | tr "\\n" " "', { env: { TOKEN: 'x' } }), never)
  await ended()
  delete process.env['CLAW_TEST_SECRET']
  expect((await printed()).join('').split(' ').filter(Boolean)).toEqual([
    'CLAW_ATTEMPT',
    'CLAW_MESH',
    'CLAW_NAME',
    'CLAW_NODE',
    'CLAW_PLACEMENT',
    'CLAW_WORKLOAD',
    'CUDA_VISIBLE_DEVICES',
    'HOME',
    'LANG',
    'NVIDIA_VISIBLE_DEVICES',
    'PATH',
    'PWD',
    'ROCR_VISIBLE_DEVICES',
    'TOKEN',
  ])
  expect(readFileSync(join(folder, placement, 'task.json'), 'utf8')).toContain('TOKEN')
  expect(statSync(join(folder, placement, 'task.json')).mode & 0o077).toBe(0)
})

test('a start that was called off while it was under way leaves no process and no file', async () => {
  const off = new AbortController()
  executor.onStatus(() => off.abort(new Error('called off')))
  await expect(executor.start(shell('exec sleep 600'), off.signal)).rejects.toThrow('called off')
  expect(executor.status(placement)).toBeNull()
  expect(await readdir(folder)).toEqual([])
})

test.each([
  ['no command', { command: [] }, 'none was given'],
  ['a mount', { mounts: [{ source: '/data', target: '/mnt', readOnly: false }] }, 'cannot mount'],
  ['a root that cannot be written', { readOnly: true }, 'has no fence'],
  ['the isolation of a stranger', { isolation: 'guest' }, 'has no fence'],
  ['a privilege', { privileges: ['cap-NET_RAW'] }, 'has no fence'],
] as const)('%s is refused', async (_, spec, reason) => {
  const task = shell('true', spec as unknown as Partial<WorkloadSpec>)
  await expect(executor.start(task, never)).rejects.toThrow(reason)
  expect(await readdir(folder)).toEqual([])
})

test('a task deaf to SIGTERM is killed after the grace when its time is up', async () => {
  const deaf = shell('trap "" TERM; echo on; while :; do sleep 1; done', { timeoutMs: 300, stopGraceMs: 200 })
  await executor.start(deaf, never)
  expect(await ended()).toMatchObject({ exitCode: 137, error: { code: 'WORKLOAD_TIMEOUT' } })
})

const testAsRoot = test.skipIf(process.getuid?.() !== 0)

/** The executor's folder is on a small disk meanwhile. Elsewhere there is space. */
async function onSmallDisk(work: (elsewhere: string) => Promise<void>): Promise<void> {
  const elsewhere = await mkdtemp(join(tmpdir(), 'claw-witness-'))
  const unmount = mountSmallDisk(folder, 1)
  try {
    await work(elsewhere)
  } finally {
    unmount()
    await rm(elsewhere, { recursive: true })
  }
}

testAsRoot(
  'given a disk that is full when a task ends, then it counts as running until there is space to note how',
  () =>
    onSmallDisk(async (elsewhere) => {
      const [go, over, filler] = [join(elsewhere, 'go'), join(elsewhere, 'over'), join(folder, 'filler')]
      execFileSync('mkfifo', [go])
      await executor.start(shell(`read word < ${go}; touch ${over}`), never)
      fillDisk(filler)
      const running = await readRunning(join(folder, placement))
      const drafts = new Set<string>()
      const watch = watchFolder(join(folder, placement), (_, name) => {
        if (name?.startsWith(`.exit.json.${running?.supervisor.pid}.`) === true) drafts.add(name)
      })
      try {
        writeFileSync(go, '')
        await vi.waitFor(() => expect(drafts.size).toBe(2), 10_000)
      } finally {
        watch.close()
      }
      expect(existsSync(over)).toBe(true)
      expect(executor.status(placement)?.status.state).toBe('running')
      await rm(filler)
      expect(await ended()).toMatchObject({ state: 'ended', exitCode: 0, error: null })
    }),
)

testAsRoot(
  'given a disk that is full before a task is announced, then nothing of it runs, and it may be tried again',
  () =>
    onSmallDisk(async (elsewhere) => {
      const [ran, filler, program] = [join(elsewhere, 'ran'), join(folder, 'filler'), join(elsewhere, 'supervise.mjs')]
      const fill = `import { fillDisk } from '${smallDisk}'\nfillDisk('${filler}')\n`
      writeFileSync(program, `${fill}await import('${supervisor}')\n`)
      const crowded = open(program)
      try {
        await expect(crowded.start(shell(`touch ${ran}`), never)).rejects.toMatchObject({
          code: 'EXECUTOR_UNAVAILABLE',
          message: expect.stringContaining('its disk is full'),
        })
        expect(crowded.status(placement)).toBeNull()
      } finally {
        await crowded.close()
      }
      expect(existsSync(ran)).toBe(false)
      await rm(filler)
      await executor.start(shell(`touch ${ran}`), never)
      expect(await ended()).toMatchObject({ exitCode: 0, error: null })
      expect(existsSync(ran)).toBe(true)
    }),
)

test.each([
  ['is silent', 'sleep 60'],
  ['goes on printing', 'while :; do echo more; done'],
])(
  'given a command that leaves behind a child which holds its output and %s, the call ends with the command',
  async (_, child) => {
    await executor.start(shell('exec sleep 600'), never)
    const off = new AbortController()
    const request = { workdir: null, env: {}, terminal: null, stdin: false }
    const command = ['sh', '-c', `echo first; { ${child}; } & exit 3`]
    const session = await executor.exec(placement, { ...request, command }, off.signal)
    try {
      let text = ''
      for await (const { data } of session.output) text += Buffer.from(data).toString('utf8').slice(0, 6)
      expect([text.slice(0, 6), await session.exitCode()]).toEqual(['first\n', 3])
    } finally {
      off.abort(new Error('over'))
    }
  },
  10_000,
)
