/** Commands in running work, and connections to its ports, through another peer than the one that runs it. */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DockerMesh, hasLab } from '../support/docker-mesh.ts'
import { labImage } from '../support/lab-docker.ts'
import { type Daemon, eventually, type WorkloadInfo } from '../support/mesh.ts'

const program = join(import.meta.dirname, '..', '..', 'dist', 'clawbernetes.js')

describe.skipIf(!hasLab)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  let mesh: DockerMesh
  let one: Daemon
  let two: Daemon

  beforeAll(async () => {
    mesh = new DockerMesh()
    one = await mesh.addDocker('one')
    two = await mesh.add('two', { extra: ['--executor', 'process'] })
    await start('box', 'one', '--network', 'host', labImage, '--', 'sleep', '600')
    await start('plain', 'two', 'host', '--', 'sleep', '600')
  })
  afterAll(() => mesh.stop())

  async function start(name: string, node: string, ...rest: readonly string[]): Promise<void> {
    await one.json('run', '-d', '--name', name, '--node', node, ...rest)
    const info = (): Promise<WorkloadInfo> => one.json('workload', 'info', name)
    await eventually(`${name} runs`, 30_000, info, ({ state }) => state === 'running')
  }

  /** The command line through a peer, with something on its standard input. */
  function run(peer: Daemon, words: readonly string[], input: Buffer | null = null) {
    const child = spawn(process.execPath, [program, '--gateway', `unix:${peer.socket}`, ...words])
    const chunks: Buffer[] = []
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    if (input !== null) child.stdin.end(input)
    const done = (once(child, 'close') as Promise<[number]>).then(([code]) => ({
      code,
      stdout: Buffer.concat(chunks),
      stderr,
    }))
    return { child, done, chunks }
  }

  for (const [workload, through] of [
    ['box', 'two'],
    ['plain', 'one'],
  ] as const) {
    const peer = (): Daemon => (through === 'one' ? one : two)

    test(`exec in ${workload}, asked for at ${through}: output, errors and exit code are the command’s`, async () => {
      const script = 'echo out; echo err >&2; pwd > /dev/null; exit 7'
      const { code, stdout, stderr } = await run(peer(), ['exec', workload, '--', 'sh', '-c', script]).done
      expect({ code, stdout: stdout.toString(), stderr }).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\n' })
    })

    test(`20 MB each way through exec -i in ${workload}, without the loss of a byte`, async () => {
      const input = randomBytes(20_000_000)
      const { code, stdout } = await run(peer(), ['exec', '-i', workload, '--', 'cat'], input).done
      expect(code).toBe(0)
      expect(createHash('sha256').update(stdout).digest('hex')).toBe(createHash('sha256').update(input).digest('hex'))
    })

    test(`exec -it in ${workload} has a terminal whose size follows, and Ctrl-C reaches the command`, async () => {
      const words = [process.execPath, program, '--gateway', `unix:${peer().socket}`, 'exec', '-it', workload]
      const script = 'stty size; trap "echo caught; exit 5" INT; echo ready; while :; do sleep 0.1; done'
      const child = spawn('python3', ['-c', onTerminal, ...words, '--', 'sh', '-c', script])
      let text = ''
      child.stdout.on('data', (chunk: Buffer) => {
        const before = text
        text += chunk.toString()
        if (text.includes('ready') && !before.includes('ready')) child.stdin.write('\u0003')
      })
      const [code] = (await once(child, 'close')) as [number]
      expect(text).toContain('31 97\r\nready\r\n')
      expect(text).toContain('caught')
      expect(code).toBe(5)
    })

    test(`Ctrl-C without a terminal ends the command in ${workload}`, async () => {
      const { child, done, chunks } = run(peer(), ['exec', workload, '--', 'sh', '-c', 'echo here; exec sleep 300'])
      await eventually(
        'it runs',
        20_000,
        () => Promise.resolve(chunks.length),
        (count) => count > 0,
      )
      child.kill('SIGINT')
      expect((await done).code).toBe(130)
    })
  }

  test('port-forward leads many connections at once to a port, and says where', async () => {
    const server = 'while :; do nc -l -p 18431 -e cat || nc -lp 18431 -e cat; done'
    await start('echo', 'one', '--network', 'host', labImage, '--', 'sh', '-c', server)
    const { child, chunks, done } = run(two, ['port-forward', 'echo', '0:18431', '-o', 'jsonl'])
    await eventually(
      'it listens',
      20_000,
      () => Promise.resolve(chunks.length),
      (count) => count > 0,
    )
    const { address } = JSON.parse(Buffer.concat(chunks).toString()) as { address: string }
    const [host = '', port = ''] = address.split(':')
    const talk = async (): Promise<string> => {
      const socket = connect(Number(port), host)
      socket.end('hello')
      let text = ''
      for await (const chunk of socket as AsyncIterable<Buffer>) text += chunk.toString()
      return text
    }
    await eventually('the echo comes back', 20_000, talk, (text) => text === 'hello')
    child.kill('SIGINT')
    expect((await done).code).toBe(130)
  })

  test('what does not run, or is not there, is named', async () => {
    expect(await run(two, ['exec', 'ghost', '--', 'true']).done).toMatchObject({ code: 4 })
    await start('brief', 'one', labImage, '--', 'sleep', '600')
    const waiting = run(two, ['exec', 'brief', '--', 'sleep', '300'])
    const info = (): Promise<WorkloadInfo> => one.json('workload', 'info', 'brief')
    await one.cli('stop', 'brief', '--force')
    expect((await waiting.done).code).not.toBe(0)
    await eventually('it has ended', 20_000, info, ({ state }) => state === 'stopped')
    const after = await run(two, ['exec', 'brief', '--', 'true']).done
    expect(after).toMatchObject({ code: 7, stderr: expect.stringContaining('WORKLOAD_NOT_RUNNING') as string })
  })

  test('a node that is killed in the middle breaks the command off with NODE_UNREACHABLE', async () => {
    const { done, chunks } = run(one, ['exec', 'plain', '--', 'sh', '-c', 'echo here; exec sleep 300'])
    await eventually(
      'it runs',
      20_000,
      () => Promise.resolve(chunks.length),
      (count) => count > 0,
    )
    two.signal('SIGKILL')
    expect(await done).toMatchObject({ code: 2, stderr: expect.stringContaining('NODE_UNREACHABLE') as string })
  })
})

/** Runs the command in a terminal of 31 by 97, passes bytes on both ways, and exits as it does. */
const onTerminal = `
import fcntl, os, pty, select, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 31, 97, 0, 0))
while True:
    ready, _, _ = select.select([fd, 0], [], [])
    try:
        if fd in ready:
            data = os.read(fd, 65536)
            if not data: break
            os.write(1, data)
    except OSError:
        break
    if 0 in ready:
        data = os.read(0, 65536)
        if data: os.write(fd, data)
        else: break
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`
