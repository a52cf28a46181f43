import { beforeEach, expect, test } from 'vitest'
import type { OperationService } from '../../../src/operations/invoke.ts'
import type { InputOf, OutputOf, UnaryName } from '../../../src/operations/registry.ts'
import { ada, bob, cyd } from '../../support/control-samples.ts'
import { admin, OperationsMesh } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'

let mesh: OperationsMesh
/** Of ada, who leads, and of bob, who does not. */
let services: readonly OperationService[]
const { signal } = new AbortController()

beforeEach(async () => {
  mesh = new OperationsMesh()
  services = [await mesh.service(ada), await mesh.service(bob)]
  await mesh.world.runFor(1_000)
  mesh.voters = [ada, bob, cyd]
  const matched = mesh.book.state.index
  mesh.followers = [
    { node: bob, matched: matched - 3, silentFor: 120.4, isMute: false },
    { node: cyd, matched: 0, silentFor: 900, isMute: true },
  ]
})

const run = <Name extends UnaryName>(name: Name, input: InputOf<Name>, at = 0): Promise<OutputOf<Name>> =>
  play(
    mesh.world,
    services[at]?.invoke(name, input, { caller: admin, signal }) ?? Promise.reject(new Error('no such service')),
  ) as Promise<OutputOf<Name>>

test.each([
  ['the leader', 0],
  ['another peer', 1],
])('asked at %s, the voters are told as the leader sees them', async (_, at) => {
  expect(await run('gateway.voters', {}, at)).toEqual([
    { id: 'ada', name: 'ada', role: 'leader', lag: 0, silentForMs: 0 },
    { id: 'bob', name: 'bob', role: 'follower', lag: 3, silentForMs: 120 },
    { id: 'cyd', name: 'cyd', role: 'mute', lag: null, silentForMs: 900 },
  ])
})

test('the lead goes to the voter that is named, or to the best one, from any peer', async () => {
  expect(await run('gateway.transfer', { node: 'ada' })).toMatchObject({ leader: 'ada', moved: false })
  expect(await run('gateway.transfer', {}, 1)).toEqual({ from: 'ada', leader: 'bob', leaderId: 'bob', moved: true })
  expect(mesh.leader).toBe(bob)
})

test('whoever cannot lead is refused with the reason', async () => {
  const refusal = (text: string) => ({ code: 'INVALID_REQUEST', message: expect.stringContaining(text) as string })
  await expect(run('gateway.transfer', { node: 'eve' })).rejects.toMatchObject({ code: 'NODE_NOT_FOUND' })
  mesh.followers = [{ node: bob, matched: 9, silentFor: 60_000, isMute: false }]
  await expect(run('gateway.transfer', { node: 'bob' })).rejects.toMatchObject(refusal('does not answer'))
  await expect(run('gateway.transfer', {})).rejects.toMatchObject(refusal('no other voter answers'))
  mesh.followers = [{ node: bob, matched: 9, silentFor: 1, isMute: true }]
  await expect(run('gateway.transfer', { node: 'bob' })).rejects.toMatchObject(refusal('has lost its log'))
  mesh.voters = [ada]
  await expect(run('gateway.transfer', { node: 'bob' })).rejects.toMatchObject(refusal('has no vote'))
})

test('while nobody leads, both say so', async () => {
  mesh.leader = null
  await expect(run('gateway.voters', {})).rejects.toMatchObject({ code: 'NO_LEADER' })
  await expect(run('gateway.transfer', {}, 1)).rejects.toMatchObject({ code: 'NO_LEADER' })
})
