/** What operators sign, through honest peers and through a rogue one: bob forwards, ada leads. */
import { beforeEach, describe, expect, test } from 'vitest'
import { submit as submission } from '../../../support/control-samples.ts'
import { ada, bob } from '../../../support/control-samples.ts'
import type { OperationsMesh } from '../../../support/operations-mesh.ts'
import { play } from '../../../support/play.ts'
import { signingOperator, type SigningOperator } from '../../../support/signing.ts'
import { twoPeers } from '../../../support/two-peers.ts'
import { type NodeId } from '../../../../src/model/ids.ts'
import { attachOperation, followOperation, invokeOperation, streamOperation } from '../../../../src/wire/operation.ts'
import { encodeProof, type SignedRequest } from '../../../../src/wire/signed-request.ts'

let mesh: OperationsMesh
let operator: SigningOperator
const { signal } = new AbortController()
const refused = { code: 'AUTH_FAILED' }

beforeEach(async () => {
  ;({ mesh } = await twoPeers())
  operator = signingOperator(1, mesh.book.state.mesh?.id ?? '', () => mesh.world.now())
  mesh.apply({ type: 'add-operator', key: operator.id, name: 'alice' })
  // Visitors who are there.
  for (const { id } of [operator, signingOperator(2, 'x')]) mesh.network.host(id)
  await mesh.world.runFor(1_000)
})

const wireOf = (signed: SignedRequest, parts: object = {}) => {
  const wire = {
    name: signed.operation,
    input: signed.input,
    caller: operator.id as string,
    role: 'admin',
    request: '',
    ...parts,
  }
  return { ...wire, proof: encodeProof(signed, wire) }
}

/** The operator asks this peer. */
const attach = async (to: NodeId, signed: SignedRequest): Promise<unknown> => {
  const { rpc } = mesh.network.host(operator.id)
  const { output } = await play(mesh.world, rpc.call(to, attachOperation, wireOf(signed), signal))
  return JSON.parse(output)
}
/** A member asks ada for what it says that the operator wants. */
const forward = (signed: SignedRequest, parts: object = {}, to = ada): Promise<unknown> =>
  play(mesh.world, mesh.network.host(bob).rpc.call(to, invokeOperation, wireOf(signed, parts), signal))

const workloads = (): number => mesh.book.state.workloads.size

describe('through honest peers', () => {
  test('a change is committed in the name of the operator, by the peer that leads, wherever it was asked for', async () => {
    const answer = await attach(bob, operator.sign('workload.run', { image: 'busybox', name: 'a' }))
    expect(answer).toMatchObject({ name: 'a', state: 'pending' })
    expect([...mesh.book.state.workloads.values()].map(({ submittedBy }) => submittedBy)).toEqual([operator.id])
  })

  test('a replay at another peer is the same command, with the same answer', async () => {
    const signed = operator.sign('workload.run', { image: 'busybox', name: 'a' })
    const first = await attach(bob, signed)
    expect(await attach(ada, signed)).toEqual(first)
    expect(workloads()).toBe(1)
    await expect(attach(ada, signed)).rejects.toMatchObject(refused)
  })

  test('a replay of an invitation is worth nothing', async () => {
    const signed = operator.sign('token.create', {})
    await attach(bob, signed)
    await attach(ada, signed)
    expect(mesh.commands.filter(({ type }) => type === 'create-token').length).toBeLessThanOrEqual(1)
  })

  test('a read goes to the node that it is about, and so does an invocation on all of them', async () => {
    expect(await attach(ada, operator.sign('system.info', { node: 'bob' }))).toMatchObject({ hostname: 'bob' })
    const answer = await attach(ada, operator.sign('mesh.invoke', { all: true, command: 'system.info' }))
    expect(answer).toMatchObject({ succeeded: 2, failed: 0 })
  })

  test('work that is invoked on a node is committed for the operator', async () => {
    const params = { image: 'busybox', name: 'b' }
    const answer = attach(
      ada,
      operator.sign('node.invoke', { node: 'bob', command: 'workload.run', params, timeoutMs: 300 }),
    )
    await answer.catch(() => 'nothing runs in here')
    expect([...mesh.book.state.workloads.values()].map(({ submittedBy, spec }) => [submittedBy, spec.node])).toEqual([
      [operator.id, bob],
    ])
  })

  test('what a node does by itself takes its name, so that it cannot be had from another', async () => {
    await expect(attach(ada, operator.sign('system.run', { command: ['id'] }))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('the name of the node') as string,
    })
  })

  test('a connection that is not that of the key gets nothing by its signature', async () => {
    const { rpc } = mesh.network.host(signingOperator(2, 'x').id)
    const asked = rpc.call(ada, attachOperation, wireOf(operator.sign('status', {})), signal)
    await expect(play(mesh.world, asked)).rejects.toMatchObject(refused)
  })

  test('whoever signs nothing is told which mesh it is', async () => {
    const { rpc } = mesh.network.host(operator.id)
    const wire = { ...wireOf(operator.sign('status', {})), proof: new Uint8Array(0) }
    await expect(play(mesh.world, rpc.call(ada, attachOperation, wire, signal))).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      facts: { mesh: mesh.book.state.mesh?.id },
    })
  })

  test('what an operator follows ends within seconds when the operator is removed', async () => {
    const { rpc } = mesh.network.host(operator.id)
    const items = rpc.stream(ada, followOperation, wireOf(operator.sign('events.watch', { follow: true })), signal)
    const ended = (async () => {
      for await (const item of items) expect(item).toHaveProperty('item')
    })()
    ended.catch(() => 'looked at below')
    await mesh.world.runFor(500)
    mesh.apply({ type: 'remove-operator', key: operator.id })
    await expect(play(mesh.world, ended, 3_000)).rejects.toMatchObject(refused)
  })
})

describe('a rogue member', () => {
  beforeEach(() => mesh.apply(submission('wl-victim', {}, 'victim')))
  const isUnhurt = (): void => {
    expect(mesh.commands).toEqual([])
    expect(workloads()).toBe(1)
  }

  test('cannot invent a request', async () => {
    const invented = {
      name: 'workload.stop',
      input: '{"workload":"victim"}',
      caller: operator.id,
      role: 'admin',
      request: '',
    }
    const forged = signingOperator(2, mesh.book.state.mesh?.id ?? '', () => mesh.world.now()).sign('workload.stop', {
      workload: 'victim',
    })
    const proofs = [
      new Uint8Array(0),
      new Uint8Array(40),
      encodeProof(forged, invented),
      encodeProof({ ...forged, key: operator.id }, invented),
    ]
    for (const proof of proofs) {
      const asked = mesh.network.host(bob).rpc.call(ada, invokeOperation, { ...invented, proof }, signal)
      await expect(play(mesh.world, asked)).rejects.toMatchObject(refused)
    }
    isUnhurt()
  })

  test('cannot alter what was signed, nor ask for something else with it', async () => {
    const signed = operator.sign('workload.stop', { workload: 'another' })
    await expect(forward(signed, { input: '{"workload":"victim"}' })).rejects.toMatchObject(refused)
    await expect(forward({ ...signed, input: '{"workload":"victim"}' })).rejects.toMatchObject(refused)
    await expect(
      forward(operator.sign('workload.info', { workload: 'victim' }), { name: 'workload.stop' }),
    ).rejects.toMatchObject(refused)
    await expect(
      forward(operator.sign('status', {}), { name: 'operator.add', input: `{"key":"${operator.id}","name":"x"}` }),
    ).rejects.toMatchObject(refused)
    isUnhurt()
  })

  test('cannot have what is not repeatable done again', async () => {
    const signed = operator.sign('node.invoke', { node: 'ada', command: 'system.run', params: { command: ['id'] } })
    // The host allows no programs; what counts is how far it came.
    await expect(forward(signed)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await expect(forward(signed)).rejects.toMatchObject(refused)
    await expect(attach(ada, signed)).rejects.toMatchObject(refused)
  })

  test('cannot turn it round to another node', async () => {
    const forBob = operator.sign('node.invoke', { node: 'bob', command: 'system.run', params: { command: ['id'] } })
    await expect(forward(forBob)).rejects.toMatchObject(refused)
    await expect(forward(forBob, { name: 'system.run', input: '{"command":["id"]}' })).rejects.toMatchObject(refused)
    await expect(forward(operator.sign('system.info', {}))).rejects.toMatchObject(refused)
    const stream = mesh.network
      .host(bob)
      .rpc.stream(ada, streamOperation, wireOf(operator.sign('events.watch', {})), signal)
    await expect(play(mesh.world, stream[Symbol.asyncIterator]().next())).rejects.toMatchObject(refused)
  })

  test('cannot go on for an operator who was removed', async () => {
    const signed = operator.sign('workload.stop', { workload: 'victim' })
    mesh.apply({ type: 'remove-operator', key: operator.id })
    await expect(forward(signed)).rejects.toMatchObject(refused)
    isUnhurt()
  })

  test('cannot keep what was signed for later', async () => {
    const signed = operator.sign('workload.stop', { workload: 'victim' })
    await mesh.world.runFor(70_000)
    await expect(forward(signed)).rejects.toMatchObject({ code: 'CLOCK_SKEW' })
    isUnhurt()
  })

  test('can still ask for itself', async () => {
    const wire = {
      name: 'workload.stop',
      input: '{"workload":"victim"}',
      caller: 'socket',
      role: 'admin',
      proof: new Uint8Array(0),
    }
    await play(mesh.world, mesh.network.host(bob).rpc.call(ada, invokeOperation, wire, signal))
    expect(mesh.commands.map(({ type }) => type)).toEqual(['request-stop'])
  })
})
