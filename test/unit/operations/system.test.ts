/** Programs of a host, for those whom its owner lets. */
import { beforeEach, expect, test } from 'vitest'
import type { ProgramRequest } from '../../../src/ports/program.ts'
import { play } from '../../support/play.ts'
import type { TwoPeers } from '../../support/two-peers.ts'
import { twoPeers } from '../../support/two-peers.ts'
import { callerOf } from '../../../src/operations/caller.ts'
import { userWith } from '../../support/user-with.ts'

let peers: TwoPeers
let ran: ProgramRequest[]
const run: TwoPeers['run'] = (...given) => peers.run(...given)
const allow = (): void => {
  peers.mesh.programs = {
    ...peers.mesh.programs,
    allowed: (name) => Promise.resolve(`/usr/bin/${name}`),
    run: (request) => {
      ran.push(request)
      return Promise.resolve({ exitCode: 0, stdout: 'hi\n', stderr: '', timedOut: false, truncated: false })
    },
  }
}

beforeEach(async () => {
  ran = []
  peers = await twoPeers()
})

test('programs are found by name, and those that are not there are null', async () => {
  expect(await run('system.which', { bins: ['sh', 'nvidia-smi'] })).toEqual({
    bins: { sh: '/bin/sh', 'nvidia-smi': null },
  })
  await expect(run('system.which', { bins: ['../etc/passwd'] })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

test.each([{ command: ['id', 'a\0b'] }, { command: ['id'], cwd: '/a\0' }, { command: ['id'], env: ['A=\0'] }])(
  'given a NUL in %j, nothing is run, and it is the caller’s mistake',
  async (input) => {
    allow()
    await expect(run('system.run', input)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('NUL') as string,
    })
    expect([ran, peers.mesh.commands]).toEqual([[], []])
  },
)

test('given output that JSON writes six times as long, it is cut to what fits between peers, and says so', async () => {
  allow()
  const output = { stdout: '\u0001'.repeat(262_144), stderr: '\u0001'.repeat(262_144) }
  peers.mesh.programs = {
    ...peers.mesh.programs,
    run: () => Promise.resolve({ exitCode: 0, ...output, timedOut: false, truncated: false }),
  }
  const answer = await run('system.run', { node: 'bob', command: ['id'] })
  expect(answer).toMatchObject({ success: true, truncated: true })
  expect((answer as { stdout: string }).stdout.length).toBeGreaterThan(70_000)
})

test('nothing is run unless the host allows it', async () => {
  await expect(run('system.run', { command: ['id'] })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  expect(peers.mesh.commands).toEqual([])
})

test('what is run is an event first, with who ran it', async () => {
  allow()
  const asked = { command: ['echo', 'a b'], env: ['X=1'], cwd: '/tmp', timeoutMs: 500 }
  const answer = peers.service.invoke('system.run', asked, {
    caller: callerOf({ kind: 'token' }),
    signal: new AbortController().signal,
  })
  expect(await play(peers.mesh.world, answer)).toMatchObject({ exitCode: 0, stdout: 'hi\n', success: true })
  expect(ran).toMatchObject([{ program: '/usr/bin/echo', args: ['a b'], cwd: '/tmp', timeoutMs: 500, env: { X: '1' } }])
  expect(await run('events.query', { source: 'system.run' })).toMatchObject({
    events: [{ message: 'token:api runs echo "a b" on ada' }],
  })
})

test('what would change which program runs is refused, and so is an operator who is no administrator', async () => {
  allow()
  for (const env of ['PATH=/tmp', 'LD_PRELOAD=/tmp/x.so'])
    await expect(
      play(peers.mesh.world, peers.service.invoke('system.run', { command: ['id'], env: [env] }, caller('admin'))),
    ).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  await expect(
    play(peers.mesh.world, peers.service.invoke('system.run', { command: ['id'] }, caller('operator'))),
  ).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  expect(ran).toEqual([])
})

const caller = (role: 'admin' | 'operator') => ({
  caller: userWith(peers.mesh, role),
  signal: new AbortController().signal,
})
