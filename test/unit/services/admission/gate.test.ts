import { expect, test } from 'vitest'
import { certify } from '../../../../src/core/admission/certificate.ts'
import { meshId, type NodeId, nodeId } from '../../../../src/model/ids.ts'
import type { Member } from '../../../../src/model/node.ts'
import { hour } from '../../../../src/model/time.ts'
import { AdmissionGate } from '../../../../src/services/admission/gate.ts'
import { World } from '../../../../src/simulation/world.ts'
import { ada, bob, cyd, meshOf } from '../../../support/control-samples.ts'

const mesh = meshId('mesh-0123')
const dan = nodeId('dan')

function gateOf(known: readonly NodeId[]) {
  const state = meshOf(known).state
  const verifier = { verifyWith: () => true } as never
  const world = new World(1)
  const certificate = new Uint8Array()
  const anchor = { id: mesh, publicKey: new Uint8Array(32) }
  const gate = new AdmissionGate({ mesh: anchor, certificate, verifier, clock: world, state: () => state })
  const show = (node: NodeId, roles: readonly string[], epoch = 1): void => {
    const body = { mesh, peer: node, name: node, roles, epoch, notBefore: world.now(), notAfter: world.now() + hour }
    expect(
      gate.check(
        certify(body, () => new Uint8Array(64)),
        node,
      ),
    ).toEqual({ ok: true })
  }
  return { gate, state, show }
}

test('given a peer that has just joined, whom it follows is told by what the mesh has signed, and nobody else', () => {
  const { gate, show } = gateOf([])
  show(bob, ['member'])
  show(cyd, ['worker'])
  expect([bob, cyd, dan].map((node) => gate.mayLead(node))).toEqual([true, false, false])
})

test('given a peer that is known, what the state says of it counts and not what it once showed', () => {
  const { gate, state, show } = gateOf([ada, bob, cyd])
  show(cyd, ['member'])
  state.members.set(cyd, { ...(state.members.get(cyd) as Member), roles: ['worker'] })
  expect([ada, bob, cyd].map((node) => gate.mayLead(node))).toEqual([true, true, false])
})

test('given a peer that was removed, it leads no more, until it has joined again', () => {
  const { gate, state, show } = gateOf([ada, bob])
  show(bob, ['member'])
  state.members.delete(bob)
  state.removed.set(bob, 7)
  gate.changed([{ type: 'member', node: bob }])
  expect(gate.mayLead(bob)).toBe(false)
  show(bob, ['member'], 8)
  expect(gate.mayLead(bob)).toBe(true)
})
