/** Commands in running work, and connections to its ports, through another peer than the one that runs it. */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Header } from 'tar'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DockerMesh, hasLab } from '../support/docker-mesh.ts'
import { labImage } from '../support/lab-docker.ts'
import { type Daemon, eventually, type WorkloadInfo } from '../support/mesh.ts'
import { onTerminal } from '../support/on-terminal.ts'

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
    return { child, done, chunks, said: () => Promise.resolve(stderr) }
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

    test(`20 MB copied into ${workload} and back are the same, in folders too, and links out of them are left out`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'claw-cp-'))
      try {
        const content = randomBytes(20_000_000)
        mkdirSync(join(folder, 'there', 'deep'), { recursive: true })
        writeFileSync(join(folder, 'there', 'deep', 'large'), content)
        symlinkSync('deep/large', join(folder, 'there', 'inside'))
        symlinkSync('/etc/passwd', join(folder, 'there', 'outside'))
        const place = `/tmp/${basename(folder)}-${workload}`
        const cp = (...words: readonly string[]) => run(peer(), ['cp', ...words]).done
        const there = (...words: readonly string[]) => run(peer(), ['exec', workload, '--', ...words]).done
        await there('mkdir', '-p', place)

        expect(await cp(join(folder, 'there'), `${workload}:${place}`)).toMatchObject({ code: 0 })
        const back = await cp(`${workload}:${place}/there`, join(folder, 'back'))
        expect(back).toMatchObject({ code: 0, stderr: expect.stringContaining('left out: there/outside') as string })
        expect(readFileSync(join(folder, 'back', 'inside')).equals(content)).toBe(true)
        expect(readdirSync(join(folder, 'back')).toSorted()).toEqual(['deep', 'inside'])

        expect(await cp(join(folder, 'back', 'deep', 'large'), `${workload}:${place}/file`)).toMatchObject({ code: 0 })
        const packed = await cp(`${workload}:${place}/file`, '-')
        expect(packed.code).toBe(0)
        await there('mkdir', `${place}/unpacked`)
        expect(await run(peer(), ['cp', '-', `${workload}:${place}/unpacked`], packed.stdout).done).toMatchObject({
          code: 0,
        })
        const sums = await there('sha256sum', `${place}/unpacked/file`, `${place}/there/deep/large`)
        const sum = createHash('sha256').update(content).digest('hex')
        expect(sums.stdout.toString().match(/[0-9a-f]{64}/g)).toEqual([sum, sum])

        for (const words of [
          [`${workload}:/no/such`, folder],
          [join(folder, 'ghost'), `${workload}:${place}`],
          [join(folder, 'back'), `${workload}:/no/such/place`],
          [`${workload}:${place}/file`, join(folder, 'no', 'such')],
        ])
          expect(await cp(...words)).toMatchObject({
            code: 4,
            stderr: expect.stringContaining('FILE_NOT_FOUND') as string,
          })
        expect(readdirSync(folder).toSorted()).toEqual(['back', 'there'])
        expect((await there('ls', '-A', place)).stdout.toString().split('\n').toSorted()).toEqual([
          '',
          'file',
          'there',
          'unpacked',
        ])
        await there('rm', '-rf', place)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })

    test(`Ctrl-C in the middle of a copy into ${workload} leaves nothing there`, async () => {
      const place = `/tmp/claw-broken-off-${process.pid}-${workload}`
      await run(peer(), ['exec', workload, '--', 'mkdir', place]).done
      const { child, done } = run(peer(), ['cp', '-', `${workload}:${place}`])
      // The beginning of an archive: one file, of which half is there.
      child.stdin.write(halfAnArchive)
      const files = async (): Promise<string> =>
        (await run(peer(), ['exec', workload, '--', 'find', place, '-type', 'f']).done).stdout.toString()
      await eventually('it has begun', 20_000, files, (found) => found.includes('half'))
      child.kill('SIGINT')
      expect((await done).code).toBe(130)
      expect((await run(peer(), ['exec', workload, '--', 'ls', '-A', place]).done).stdout.toString()).toBe('')
      await run(peer(), ['exec', workload, '--', 'rmdir', place]).done
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

  /** Forwards while something is done with where that listens, and what was said. */
  async function forwarded(
    peer: Daemon,
    words: readonly string[],
    act: (address: string, said: () => Promise<string>) => Promise<unknown>,
  ): Promise<void> {
    const { child, chunks, done, said } = run(peer, ['port-forward', ...words])
    const listens = (): Promise<number> => Promise.resolve(chunks.length)
    await eventually('it listens', 20_000, listens, (count) => count > 0)
    const [address = ''] = /127\.0\.0\.1:\d+/.exec(Buffer.concat(chunks).toString()) ?? []
    await act(address, said)
    child.kill('SIGINT')
    expect((await done).code).toBe(130)
  }

  const echoes = (address: string): Promise<string> =>
    eventually(
      'the echo comes back',
      20_000,
      () => echoOf(address),
      (text) => text === 'hello',
    )

  test.each([
    ['two', ['host', '--', 'python3', '-c', echoServer]],
    [
      'one',
      [
        '--network',
        'host',
        labImage,
        '--',
        'sh',
        '-c',
        'while :; do nc -l -p $PORT -e cat || nc -lp $PORT -e cat; done',
      ],
    ],
  ] as const)(
    'port-forward on the network of %s leads to the port that was given, and to no other',
    async (node, words) => {
      const name = `declared-${node}`
      await start(name, node, '--port', '8080', ...words)
      for (const peer of [one, two]) {
        await forwarded(peer, [name, '0:8080', '-o', 'jsonl'], echoes)
        // Something listens there, but it is not the workload's.
        const other = one.api.split(':')[1] ?? ''
        await forwarded(peer, [name, `0:${other}`], async (address, said) => {
          expect(await echoOf(address)).toBe('')
          await eventually('it says why', 5_000, said, (text) => text.includes('only the ports that it declares'))
        })
      }
    },
  )

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

/** What comes back from there for a word. */
async function echoOf(address: string): Promise<string> {
  const [host = '', port = ''] = address.split(':')
  const socket = connect(Number(port), host)
  socket.end('hello')
  let text = ''
  for await (const chunk of socket as AsyncIterable<Buffer>) text += chunk.toString()
  return text
}

const echoServer = `
import os, socketserver
class Echo(socketserver.StreamRequestHandler):
    def handle(self): self.wfile.write(self.rfile.read())
socketserver.TCPServer(('127.0.0.1', int(os.environ['PORT'])), Echo).serve_forever()
`

const halfAnArchive = Buffer.alloc(512 + 10_240)
new Header({ path: 'half', size: 20_480, mode: 0o644, type: 'File', mtime: new Date(0) }).encode(halfAnArchive)
