/** The CLI's own transport against the real API. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ApiService } from '../../src/doors/api/service.ts'
import { main } from '../../src/doors/cli/main.ts'
import { ClawError } from '../../src/model/failure.ts'
import { silent } from '../../src/ports/log.ts'
import { identitiesFor } from '../support/identities.ts'
import { FakeInvoker, thenSilence } from '../support/fake-invoker.ts'
import { fakeHost } from '../support/fake-host.ts'

let directory: string
let service: ApiService | null = null
const { signal } = new AbortController()

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'claw-cli-'))
})
afterEach(async () => {
  await service?.stop()
  service = null
  rmSync(directory, { recursive: true })
})

async function serve(answers: ConstructorParameters<typeof FakeInvoker>[0]): Promise<ApiService> {
  const deps = {
    invoker: new FakeInvoker(answers),
    log: silent,
    version: '0.1.0',
    identities: identitiesFor(),
  }
  const settings = {
    sockets: { folder: directory, group: null, alias: directory },
    tcp: { host: '127.0.0.1', port: 0 },
    tls: null,
    insecureListen: false,
    hosts: [],
    requestsPerSecond: 1_000,
  }
  service = new ApiService(deps, settings)
  await service.start()
  return service
}

async function cli(...line: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const host = fakeHost({ home: directory })
  const code = await main(line, host, signal)
  return { code, out: host.stdout.text, err: host.stderr.text }
}

/** Looks whenever the event loop comes round; the test's own time limit ends it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

const unix = (): string[] => ['--gateway', `unix:${join(directory, 'api.sock')}`]

const ofJob = { workload: 'wl-1', name: 'job', node: 'n1', attempt: 1 }
const chunk = (position: number) => ({ ...ofJob, position, text: `line ${position}\n`, kinds: 'o1' })

test('it talks over the socket, and over TCP with the right token only', async () => {
  const { address } = await serve({
    'gateway.ping': () => ({ ok: true, id: 'i', name: 'n1', version: '0.1.0', time: '' }),
  })
  expect(await cli(...unix(), 'gateway', 'ping')).toMatchObject({
    code: 0,
    out: expect.stringContaining('n1 answers') as string,
  })
  const tcp = ['--gateway', address ?? '']
  expect(await cli(...tcp, 'gateway', 'ping', '--token', 's3cret')).toMatchObject({ code: 0 })
  expect(await cli(...tcp, 'gateway', 'ping', '--token', 'wrong', '--json')).toMatchObject({
    code: 3,
    err: expect.stringContaining('AUTH_FAILED') as string,
  })
})

test('failures come through with their code and exit code', async () => {
  await serve({
    'node.info': () => {
      throw new ClawError('NODE_NOT_FOUND', { node: 'ghost' })
    },
  })
  const reply = await cli(...unix(), 'node', 'info', 'ghost')
  expect([reply.code, reply.err.split('\n')[0]]).toEqual([4, 'error[NODE_NOT_FOUND]: No node is called ghost.'])
})

test('where nothing answers, that is said, with exit code 2', async () => {
  expect(await cli(...unix(), 'status')).toMatchObject({
    code: 2,
    err: expect.stringContaining('ECONNREFUSED') as string,
  })
  expect(await cli('--gateway', 'http://127.0.0.1:1', 'status')).toMatchObject({ code: 2 })
})

test('a log that is followed goes on where it was when the peer has restarted', async () => {
  const asked: unknown[] = []
  await serve({ 'log.read': (_, gone) => thenSilence([chunk(1), chunk(2)], gone) })
  const host = fakeHost({ home: directory })
  const code = main([...unix(), 'logs', '-f', 'job'], host, signal)
  await until(() => host.stdout.text === 'line 1\nline 2\n')
  await service?.stop()
  // The length of the outage, in which the line is refused at least once; nothing waits for it to be over.
  await sleep(300)
  await serve({
    'log.read': (input) => {
      asked.push(input)
      return thenSilence([chunk(3)], AbortSignal.abort())
    },
  })
  expect(await code).toBe(0)
  expect([host.stdout.text, host.stderr.text]).toEqual(['line 1\nline 2\nline 3\n', ''])
  expect(asked).toMatchObject([{ workloads: ['job'], follow: true, from: { 'wl-1': { attempt: 1, position: 2 } } }])
})

test('given no context, when one asks how one gets in, then it is said of the peer that commands talk to', async () => {
  const me = { id: 'socket', kind: 'socket', who: 'the local socket', user: null, peer: 'ada', mesh: null }
  await serve({ 'auth.whoami': () => ({ ...me, grants: [], limits: [] }) })
  const address = `unix:${join(directory, 'api.sock')}`
  const { code, out, err } = await cli('--json', ...unix(), 'auth', 'status')
  expect([code, err]).toEqual([0, ''])
  expect(JSON.parse(out)).toEqual([
    { name: address, current: true, access: 'its socket', who: 'the local socket', problem: null },
  ])
  const nobody = await cli('--json', '--gateway', 'http://127.0.0.1:9', '--token', 'clk_x', 'auth', 'status')
  expect(JSON.parse(nobody.out)).toMatchObject([{ access: 'token in --token', who: null, problem: 'nothing answers' }])
})
