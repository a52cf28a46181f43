/** A workload's own process, talked to through another peer than the one that runs it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { containersOf, DockerMesh, hasLab } from '../support/docker-mesh.ts'
import { labImage } from '../support/lab-docker.ts'
import { type Daemon, eventually, type WorkloadInfo } from '../support/mesh.ts'
import { onTerminal } from '../support/on-terminal.ts'

const program = join(import.meta.dirname, '..', '..', 'dist', 'clawbernetes.js')

describe.skipIf(!hasLab)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  let mesh: DockerMesh
  let host: Daemon
  let other: Daemon

  beforeAll(async () => {
    mesh = new DockerMesh()
    host = await mesh.addDocker('host')
    other = await mesh.add('other', { extra: ['--executor', 'process'] })
  })
  afterAll(() => mesh.stop())

  const info = (name: string): Promise<WorkloadInfo> => host.json('workload', 'info', name)
  const is = (name: string, wanted: string) =>
    eventually(
      `${name} is ${wanted}`,
      30_000,
      () => info(name),
      ({ state }) => state === wanted,
    )

  async function start(name: string, options: readonly string[], script: string): Promise<string> {
    const words = ['run', '-d', ...options, '--name', name, '--node', 'host', '--network', 'host', labImage]
    const { id } = await host.json<{ id: string }>(...words, '--', 'sh', '-c', script)
    await is(name, 'running')
    return id
  }

  /** The command line at the other peer; in a terminal of its own when asked for. */
  function run(words: readonly string[], hasTerminal = false) {
    const whole = [process.execPath, program, '--gateway', `unix:${other.socket}`, ...words]
    const [file = '', ...rest] = hasTerminal ? ['python3', '-c', onTerminal, ...whole] : whole
    const child = spawn(file, rest)
    const seen = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk: Buffer) => (seen.stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (seen.stderr += chunk.toString()))
    const done = (once(child, 'close') as Promise<[number]>).then(([code]) => ({ code, ...seen }))
    const says = (text: string): Promise<string> =>
      eventually(
        `it says ${text}`,
        20_000,
        () => Promise.resolve(seen.stdout),
        (stdout) => stdout.includes(text),
      )
    return { child, done, says }
  }

  const echoing = 'echo ready; while read -r line; do [ "$line" = end ] && exit 7; echo "got $line"; done; exit 3'

  test('what is typed reaches it, what it prints comes back, and the end is its exit code', async () => {
    await start('echo', ['-i'], echoing)
    const { child, done, says } = run(['attach', '--replay', 'echo'])
    await says('ready')
    child.stdin.write('hello\n')
    await says('got hello')
    child.stdin.write('end\n')
    expect(await done).toMatchObject({ code: 7, stdout: 'ready\ngot hello\n' })
    expect((await host.cli('logs', 'echo')).stdout).toBe('ready\ngot hello\n')
  })

  test('whoever ends the input, or leaves, leaves it running, and somebody else goes on', async () => {
    await start('resident', ['-i'], echoing)
    const first = run(['attach', 'resident'])
    first.child.stdin.write('one\n')
    await first.says('got one')
    first.child.kill('SIGKILL')
    await first.done
    const second = run(['attach', '--no-sig-proxy', '--replay', 'resident'])
    await second.says('got one')
    second.child.stdin.write('two\n')
    await second.says('got two')
    second.child.kill('SIGINT')
    expect((await second.done).stderr).toContain('resident goes on')
    expect(await info('resident')).toMatchObject({ state: 'running' })
    await host.cli('stop', 'resident', '--force')
  })

  test('Ctrl-C is for the workload', async () => {
    await start('caught', [], 'trap "echo caught; exit 5" INT; echo ready; while :; do sleep 0.1; done')
    const { child, done, says } = run(['attach', '--replay', 'caught'])
    await says('ready')
    child.kill('SIGINT')
    expect(await done).toMatchObject({ code: 5, stdout: 'ready\ncaught\n' })
  })

  test('with a terminal, its size follows, the detach keys let go, and its output is kept line by line', async () => {
    const script = 'echo ready; while read -r line; do [ "$line" = end ] && exit 4; stty size; done'
    const id = await start('tty', ['-it'], script)
    const [container] = await containersOf(id)
    expect(container?.Config).toMatchObject({ Tty: true, OpenStdin: true })
    const first = run(['attach', '--replay', 'tty'], true)
    await first.says('ready')
    first.child.stdin.write('\n')
    await first.says('31 97')
    first.child.stdin.write('\u0010\u0011')
    expect(await first.done).toMatchObject({ code: 0, stdout: expect.stringContaining('tty goes on') as string })
    expect(await info('tty')).toMatchObject({ state: 'running' })
    const second = run(['attach', '--detach-keys', 'ctrl-x', 'tty'], true)
    second.child.stdin.write('end\n')
    expect((await second.done).code).toBe(4)
    expect((await host.cli('logs', 'tty')).stdout.split('\n').slice(0, 1)).toEqual(['ready'])
    expect((await host.cli('logs', 'tty')).stdout).toContain('31 97\n')
  })

  test('run -i hands on standard input from its beginning to its end', async () => {
    const words = ['run', '-i', '--node', 'host', '--network', 'host', labImage, '--', 'sh', '-c', 'sort; exit 6']
    const { child, done } = run(words)
    child.stdin.end('b\na\n')
    expect(await done).toMatchObject({ code: 6, stdout: 'a\nb\n' })
  })

  test('what cannot be attached to says so', async () => {
    await host.json('run', '-d', '--name', 'plain', '--node', 'other', 'host', '--', 'sleep', '600')
    await is('plain', 'running')
    expect(await run(['attach', 'plain']).done).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining('ATTACH_UNSUPPORTED') as string },
    })
    const refused = await host.cli('run', '-i', '--executor', 'process', 'host', '--', 'cat')
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('no input that stays open') as string })
    await host.json('run', '-d', '-i', '--name', 'waits', '--node', 'other', 'host', '--', 'cat')
    expect((await host.cli('why', 'waits')).stdout).toContain('no docker executor')
    await host.cli('stop', 'waits')
  })
})
