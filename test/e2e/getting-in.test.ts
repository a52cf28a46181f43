/** Getting in from outside, with a key of one's own, by HTTPS and by libp2p; and what a member cannot do in the name of others. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operatorId } from '../../src/doors/cli/peer/operator-key.ts'
import { requestSigner } from '../../src/doors/cli/peer/request-signer.ts'
import type { SignedRequest } from '../../src/wire/signed-request.ts'
import { encodeProof } from '../../src/wire/signed-request.ts'
import { type Daemon, eventually, Mesh, type Reply, runCli, type StatusReply } from '../support/mesh.ts'
import { Mole } from '../support/mole.ts'
import { RogueCalls } from '../support/rogue-calls.ts'

let mesh: Mesh
let leader: Daemon
let other: Daemon
let home: string

beforeAll(async () => {
  mesh = await Mesh.start({
    names: ['one', 'two'],
    extra: ['--executor', 'simulated'],
    environment: { CLAWNODE_API_TLS: 'on' },
  })
  leader = mesh.get(0)
  other = mesh.get(1)
  home = mkdtempSync(join(tmpdir(), 'claw-home-'))
  // Who has just joined knows neither the mesh nor its operators.
  const status = (): Promise<StatusReply> => other.json('status')
  await eventually('the other follows', 30_000, status, ({ nodes }) => nodes.healthy === 2)
})
afterAll(async () => {
  await mesh.stop()
  rmSync(home, { recursive: true })
})

/** On somebody's desk, where no daemon is. */
const desk = (...words: readonly string[]): Promise<Reply> => runCli(words, { HOME: home, XDG_CONFIG_HOME: '' })
const url = (): string => `https://${other.api}`
const shownBy = ({ log }: Daemon): string => /certificate of the API: (SHA256:[A-Za-z0-9+/]{43})/.exec(log)?.[1] ?? ''

describe('with a key of one’s own', () => {
  let id: string

  beforeAll(async () => {
    id = (await desk('operator', 'key', '-q')).stdout.trim() || operatorId(seed())
    await leader.json('operator', 'add', 'alice', id)
  })

  test('a certificate that nobody knows is shown and not trusted; one whose fingerprint was said is kept', async () => {
    const refused = await desk('context', 'add', 'lab', url())
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining(shownBy(other))])
    const added = await desk('context', 'add', 'lab', url(), '--fingerprint', shownBy(other), '--use')
    expect(added.code, added.stderr).toBe(0)
    expect((await desk('status', '--json')).stdout).toContain('"leader": "one"')
  })

  test('work is submitted, followed and stopped by HTTPS, through a peer that does not lead, in the operator’s name', async () => {
    const run = await desk('run', '--name', 'signed', '--node', 'two', '--json', 'busybox', '--', 'echo', 'hello')
    expect(run.code, run.stderr).toBe(0)
    expect((await desk('logs', 'signed')).stdout).toContain('hello')
    const { submittedBy } = await leader.json<{ submittedBy: string }>('workload', 'info', 'signed')
    expect(submittedBy).toBe(id)
    expect((await desk('node', 'invoke', 'one', 'system.info', '--json')).stdout).toContain('"hostname"')
    expect((await desk('node', 'invoke', '--all', 'gpu.list', '--json')).code).toBe(0)
  })

  test('the same by libp2p, through either peer', async () => {
    for (const name of ['one', 'two']) {
      const { addresses } = await leader.json<{ addresses: readonly string[] }>('node', 'info', name)
      const reply = await desk(
        '--gateway',
        addresses[0] ?? '',
        'run',
        '-d',
        '--name',
        `by-${name}`,
        'busybox',
        '--',
        'true',
      )
      expect(reply.code, reply.stderr).toBe(0)
      const { submittedBy } = await leader.json<{ submittedBy: string }>('workload', 'info', `by-${name}`)
      expect(submittedBy).toBe(id)
    }
  })

  test('a token that was logged in with goes before the key, and is forgotten when it is told to', async () => {
    const token = (await other.cli('auth', 'apikey', 'create', '-s', 'viewer', '--json')).stdout
    const { secret, id: key } = JSON.parse(token) as { secret: string; id: string }
    const login = await runCli(['auth', 'login', 'lab'], {
      HOME: home,
      XDG_CONFIG_HOME: '',
      CLAWBERNETES_TOKEN: secret,
    })
    expect(login.code, login.stderr).toBe(0)
    expect((await desk('auth', 'status', '--json')).stdout).toContain(key)
    expect((await desk('run', '-d', 'busybox')).code).toBe(3)
    await leader.json('auth', 'apikey', 'revoke', key)
    expect((await desk('status')).stderr).toContain('AUTH_FAILED')
    expect((await desk('auth', 'logout', 'lab')).code).toBe(0)
    const again = await desk('status')
    expect(again.code, again.stderr).toBe(0)
  })

  describe('a member gone bad', () => {
    let mole: Mole
    let calls: RogueCalls
    const signed = (operation: string, input: object): SignedRequest => {
      const request = requestSigner(seed(), mole.membership.mesh).sign(operation, JSON.stringify(input))
      if (request === null) throw new Error('it knows the mesh')
      return request
    }
    const ask = async (name: string, input: object, request: SignedRequest | null, caller = id) => {
      const wire = { name, input: JSON.stringify(input), caller, role: 'admin', request: '' }
      const proof = request === null ? new Uint8Array(0) : encodeProof(request, wire)
      const answer = await calls.invoke({ ...wire, proof })
      return 'failure' in answer ? answer.failure.code : 'answered'
    }
    const states = async (): Promise<string> =>
      (await leader.json<{ state: string }>('workload', 'info', 'victim')).state

    beforeAll(async () => {
      mole = await Mole.join((await leader.json<{ token: string }>('token', 'create')).token, 'mole')
      calls = new RogueCalls(mole.lanes.bulk)
      await leader.json('run', '-d', '--name', 'victim', '-e', 'CLAW_SIM_SECONDS=3600', 'busybox')
    })
    afterAll(() => mole.stop())

    test('cannot invent what an operator wants, nor alter, replay, turn round or keep going what one signed', async () => {
      const stop = { workload: 'victim' }
      const elsewhere = signed('workload.stop', { workload: 'by-one' })
      const invocation = signed('node.invoke', { node: 'one', command: 'gateway.ping', params: {} })
      const results = {
        invented: await ask('workload.stop', stop, null),
        altered: await ask('workload.stop', stop, elsewhere),
        resigned: await ask('workload.stop', stop, { ...elsewhere, input: JSON.stringify(stop) }),
        retargeted: await ask('system.info', {}, signed('system.info', {})),
        another: await ask('node.invoke', { node: 'two', command: 'gateway.ping', params: {} }, invocation),
        honest: await ask('node.invoke', { node: 'one', command: 'gateway.ping', params: {} }, invocation),
        replayed: await ask('node.invoke', { node: 'one', command: 'gateway.ping', params: {} }, invocation),
      }
      expect(results).toEqual({
        ...{ invented: 'AUTH_FAILED', altered: 'AUTH_FAILED', resigned: 'AUTH_FAILED', retargeted: 'AUTH_FAILED' },
        ...{ another: 'AUTH_FAILED', honest: 'answered', replayed: 'AUTH_FAILED' },
      })
      expect(await states()).not.toMatch(/stop/)
    })

    test('cannot go on for an operator who was removed', async () => {
      const request = signed('workload.stop', { workload: 'victim' })
      await leader.json('operator', 'remove', 'alice')
      expect(await ask('workload.stop', { workload: 'victim' }, request)).toBe('AUTH_FAILED')
      expect(await states()).not.toMatch(/stop/)
      await eventually(
        'nobody gets in with the key any more',
        5_000,
        () => desk('status'),
        ({ code, stderr }) => code === 3 && stderr.includes('AUTH_FAILED'),
      )
    })
  })
})

test('another certificate than before is refused, and nothing is sent', async () => {
  await other.end()
  rmSync(join(other.dataDir, 'state', 'tls.pem'))
  await other.start()
  const { code, stderr } = await desk('status')
  expect([code, stderr]).toEqual([3, expect.stringContaining('CERTIFICATE_CHANGED')])
})

const seed = (): Uint8Array =>
  Buffer.from(readFileSync(join(home, '.config', 'clawbernetes', 'operator.key'), 'utf8').trim(), 'base64')
