/** Two hosts that reach each other by a tailnet alone, with a stand-in for Tailscale's client, and a key that must be nowhere. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canary, type Canary, findsIn, searchFiles } from '../support/canary.ts'
import { type Daemon, eventually, freePort, Mesh } from '../support/mesh.ts'
import { SimulatedTailnet } from '../support/simulated-tailnet.ts'

interface Status {
  readonly tailnet: {
    readonly state: string
    readonly members: readonly {
      readonly node: string
      readonly addresses: readonly string[]
      readonly link: string
      readonly path: string | null
    }[]
  } | null
}

interface Own {
  readonly state: string
  readonly addresses: readonly string[]
  readonly announced: readonly string[]
  readonly problems: readonly { readonly problem: string; readonly command: string | null }[]
}

const secret = canary()
const key = `tskey-auth-${secret.value}`
const canaries: readonly Canary[] = [secret]
const recorder = fileURLToPath(new URL('../support/wire-recorder.mjs', import.meta.url))

/** What the kernel tells of all processes of the stand-in: their command lines and their environments. */
function processesOf(script: string): readonly Buffer[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`)
        return line.includes(script) ? [line, readFileSync(`/proc/${pid}/environ`)] : []
      } catch (error) {
        // It has ended meanwhile, or is somebody else's.
        if (!['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
        return []
      }
    })
}

describe.skipIf(process.platform !== 'linux')(
  'given two hosts whose settings want Tailscale and that announce nothing else that leads to them',
  () => {
    let net: SimulatedTailnet
    let mesh: Mesh
    let ada: Daemon
    let bob: Daemon
    const seen: Buffer[] = []
    const said: string[] = []

    const add = async (name: string): Promise<Daemon> => {
      net.put(name, 'linger', '0.5')
      return mesh.add(name, {
        extra: ['--listen', `/ip4/0.0.0.0/tcp/${await freePort()}`, '--announce', '/ip4/192.0.2.1/tcp/9'],
        environment: {
          ...net.environment(name),
          ...{ CLAWNODE_NETWORK_PROVIDER: 'tailscale', TS_AUTHKEY: key },
          ...{ NODE_OPTIONS: `--import ${recorder}`, CLAW_WIRE_RECORD: join(net.folder, `wire-${name}`) },
        },
      })
    }
    const json = async <T>(daemon: Daemon, ...words: readonly string[]): Promise<T> => {
      const reply = await daemon.json<T>(...words)
      said.push(JSON.stringify(reply))
      return reply
    }
    const members = async (daemon: Daemon) => (await json<Status>(daemon, 'network', 'status')).tailnet?.members ?? []
    const nodesOf = async (daemon: Daemon): Promise<readonly string[]> =>
      (await members(daemon)).map(({ node }) => node).toSorted()

    beforeAll(async () => {
      net = new SimulatedTailnet([key])
      mesh = new Mesh()
      const looking = new AbortController()
      const looks = (async () => {
        while (!looking.signal.aborted) {
          seen.push(...processesOf('lab/tailscale/tailscale'))
          await sleep(50)
        }
      })()
      ada = await add('ada')
      await eventually(
        'ada is told of in the tailnet',
        20_000,
        () => nodesOf(ada),
        (nodes) => nodes.length === 1,
      )
      bob = await add('bob')
      looking.abort()
      await looks
    }, 120_000)
    afterAll(async () => {
      await mesh.stop()
      net.remove()
    })

    test('when the second joins, then it does so over the tailnet, and both are known by their addresses there', async () => {
      const all = await eventually(
        'both are told of in the tailnet',
        25_000,
        () => members(ada),
        (list) => list.length === 2,
      )
      expect(all).toMatchObject([
        { node: 'ada', addresses: ['127.77.0.1'], link: 'self' },
        { node: 'bob', addresses: ['127.77.0.2'], link: 'relayed', path: 'sim' },
      ])
      const own = await json<Own>(bob, 'network', 'tailscale', 'status')
      expect(own).toMatchObject({ state: 'Running', addresses: ['127.77.0.2'], problems: [] })
      expect(own.announced).toHaveLength(1)
      expect(net.read('bob', 'hostname')).toBe('clawnode-bob')
      expect(net.read('bob', 'tags')).toBe('tag:clawbernetes')
    })

    test('when one asks whether the other is there, then the tailnet says how its answers come', async () => {
      net.put('bob', 'direct', '192.0.2.7:41641')
      const ping = await json<object>(ada, 'network', 'ping', 'bob', '--count', '2')
      expect(ping).toMatchObject({ address: '127.77.0.2', received: 2, via: 'tailnet', path: 'direct 192.0.2.7:41641' })
      await eventually(
        'the way to bob is straight',
        10_000,
        () => members(ada),
        (list) => list[1]?.link === 'direct' && list[1].path === '192.0.2.7:41641',
      )
    })

    test('when the tailnet of one is turned off, then its address is taken back, and it stays off over a restart', async () => {
      expect(await json<Own>(ada, 'network', 'tailscale', 'down', 'bob')).toMatchObject({
        state: 'Stopped',
        announced: [],
      })
      await eventually(
        'only ada is left',
        25_000,
        () => nodesOf(ada),
        (nodes) => nodes.join() === 'ada',
      )
      await bob.end()
      await bob.start()
      const off = await json<Own>(bob, 'network', 'tailscale', 'status')
      expect(off).toMatchObject({ state: 'Stopped', announced: [] })
      expect(off.problems[0]?.command).toBe('clawbernetes network tailscale up')
      expect(await json<Own>(bob, 'network', 'tailscale', 'up')).toMatchObject({ state: 'Running', problems: [] })
      await eventually(
        'both are there again',
        25_000,
        () => nodesOf(ada),
        (nodes) => nodes.join() === 'ada,bob',
      )
    })

    test('the key is in no command line, environment of others, file, log, answer, or message between the hosts', () => {
      expect(net.read('bob', 'key-mode').trim()).toBe('600')
      expect(seen.some((bytes) => bytes.includes('--auth-key=file:'))).toBe(true)
      expect(seen.flatMap((bytes) => findsIn('process', bytes, canaries))).toEqual([])
      expect(findsIn('answers', Buffer.from(said.join('\n')), canaries)).toEqual([])
      // The mesh's folder holds the logs of the daemons as well.
      const { finds, files } = searchFiles(mesh.directory, canaries)
      expect(files).toBeGreaterThan(10)
      expect(finds).toEqual([])
      for (const name of ['ada', 'bob']) {
        const wire = readFileSync(join(net.folder, `wire-${name}`))
        expect(wire.length).toBeGreaterThan(1_000)
        expect(findsIn(`wire of ${name}`, wire, canaries)).toEqual([])
        expect(findsIn(`argv of ${name}`, Buffer.from(net.read(name, 'argv')), canaries)).toEqual([])
      }
    })
  },
)
