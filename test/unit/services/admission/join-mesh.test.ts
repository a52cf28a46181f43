import { beforeEach, expect, test } from 'vitest'
import { type Identity, newIdentity } from '../../../../src/adapters/keys/identity.ts'
import { meshKeys } from '../../../../src/adapters/keys/mesh-keys.ts'
import { createVerifier } from '../../../../src/adapters/keys/signatures.ts'
import { systemClock } from '../../../../src/adapters/system/clock.ts'
import { systemRandom } from '../../../../src/adapters/system/random.ts'
import { readCertificate } from '../../../../src/core/admission/certificate.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { silent } from '../../../../src/ports/log.ts'
import type { Protocol } from '../../../../src/ports/rpc.ts'
import type { Visitor } from '../../../../src/ports/visitor.ts'
import { foundingCommand, foundMesh } from '../../../../src/services/admission/found-mesh.ts'
import { invite, type InviteDeps } from '../../../../src/services/admission/invite.ts'
import { JoinDesk } from '../../../../src/services/admission/join-desk.ts'
import { joinMesh } from '../../../../src/services/admission/join-mesh.ts'
import { readMembership, type StoredMembership } from '../../../../src/services/admission/membership-file.ts'
import { MeshKeyHolder } from '../../../../src/services/admission/mesh-key.ts'
import { type JoinReply, type JoinRequest } from '../../../../src/wire/admission.ts'
import { memoryBlobs } from '../../../support/member.ts'
import { SharedControl } from '../../../support/shared-control.ts'

const { signal } = new AbortController()
const verifier = createVerifier()
const clock = systemClock

class Mesh {
  readonly shared = new SharedControl()
  readonly ada = newIdentity()
  readonly bob = newIdentity()
  readonly disk = memoryBlobs()
  isUp = true
  /** What the member says to its operator. */
  readonly warnings: string[] = []
  readonly #control = this.shared.at(this.ada.id)
  readonly #peers = { self: this.ada.id, addresses: () => [`/ip4/10.0.0.1/tcp/4710/p2p/${this.ada.id}`] }

  async found(): Promise<void> {
    const deps = { self: this.ada.id, sealer: this.ada.sealer, keys: meshKeys, clock, disk: memoryBlobs() }
    const founder = { mesh: 'lab', name: 'ada', labels: {}, networkKey: null }
    const command = foundingCommand(await foundMesh(founder, deps))
    if (command === null) throw new Error('a founder has a founding')
    await this.#control.execute(command, { id: 'found', by: this.ada.id, signal })
  }

  /** As a peer asks for it that has just started: until it is told by a leader, it knows nothing. */
  async inviteFromRestarted(): Promise<string> {
    const control = this.#control
    const known = control.state
    let state: typeof known = { ...known, mesh: null }
    const restarted = {
      get state() {
        return state
      },
      execute: control.execute.bind(control),
      fresh: () => {
        state = known
        return Promise.resolve()
      },
    }
    return this.invite(restarted)
  }

  async invite(control: InviteDeps['control'] = this.#control): Promise<string> {
    const deps = { control, peers: this.#peers, clock, random: systemRandom, networkKey: null }
    return (await invite({ ttl: 60_000, roles: ['member'], labels: {}, by: 'socket' }, deps, signal)).token
  }

  async remove(node: Identity): Promise<void> {
    const command = { type: 'remove-member', node: node.id, force: true } as const
    await this.#control.execute(command, { id: `remove:${this.shared.log.length}`, by: 'socket', signal })
  }

  async join(token: string, addresses: readonly string[] = []): Promise<StoredMembership> {
    const { id: self, sealer } = this.bob
    const openVisitor = () => Promise.resolve(this.#visitor())
    const deps = { self, sealKey: sealer.sealKey, verifier, clock, disk: this.disk, openVisitor }
    return joinMesh({ token, name: 'bob', labels: {}, addresses }, deps, signal)
  }

  epochOf({ certificate }: StoredMembership): number | undefined {
    return readCertificate(certificate)?.epoch
  }

  #visitor(): Visitor & { close(): Promise<void> } {
    const { id: self, sealer } = this.ada
    const meshKey = new MeshKeyHolder({ self, sealer, keys: meshKeys, state: () => this.shared.state })
    const rpc = { call: () => Promise.reject(new Error('the founder signs itself')) }
    const log = { ...silent, warn: (message: string) => void this.warnings.push(message) }
    const desk = new JoinDesk({ control: this.#control, rpc, peers: this.#peers, meshKey, clock, log })
    const close = (): Promise<void> => Promise.resolve()
    const call = async <Q, R>(_: Protocol<Q, R>, request: Q): Promise<R> => {
      const reply: JoinReply = await desk.join(request as JoinRequest, this.bob.id, signal)
      return reply as R
    }
    const stream = (): never => {
      throw new Error('joining has no stream')
    }
    return {
      close,
      visit: () =>
        this.isUp
          ? Promise.resolve({ peer: self, call, stream, converse: stream, close })
          : Promise.reject(new ClawError('NODE_UNREACHABLE', { node: self, detail: 'test' })),
    }
  }
}

let mesh: Mesh

beforeEach(async () => {
  mesh = new Mesh()
  await mesh.found()
})

test('given a member that has just started, when it is asked for a token, then it learns of its mesh first', async () => {
  expect((await mesh.join(await mesh.inviteFromRestarted())).genesis.name).toBe('lab')
})

test('a removed node comes back with a new token, at a later epoch than its removal', async () => {
  const before = await mesh.join(await mesh.invite())
  await mesh.remove(mesh.bob)
  const after = await mesh.join(await mesh.invite())
  expect([mesh.epochOf(before), mesh.epochOf(after)]).toEqual([2, 4])
  expect(await readMembership(mesh.disk)).toEqual(after)
  expect(mesh.shared.state.members.has(mesh.bob.id)).toBe(true)
})

test('a removed node does not come back with the token that it used before', async () => {
  const token = await mesh.invite()
  const before = await mesh.join(token)
  await mesh.remove(mesh.bob)
  await expect(mesh.join(token)).rejects.toMatchObject({
    code: 'TOKEN_INVALID',
    facts: { reason: 'it was used already' },
  })
  expect(await readMembership(mesh.disk)).toEqual(before)
})

test('a member that joins once more stays who it is, and its token is used up', async () => {
  const address = `/ip4/10.0.0.2/tcp/4710/p2p/${mesh.bob.id}`
  await mesh.join(await mesh.invite(), [address])
  const before = mesh.shared.state.members.get(mesh.bob.id)
  const after = await mesh.join(await mesh.invite())
  expect(mesh.epochOf(after)).toBe(2)
  expect(mesh.shared.state.members.get(mesh.bob.id)).toEqual(before)
  expect(before?.addresses).toEqual([address])
  expect([...mesh.shared.state.tokens.values()].map(({ usedBy }) => usedBy)).toEqual([mesh.bob.id, mesh.bob.id])
})

test('a mesh that does not answer is an error, also for who has a valid certificate', async () => {
  const before = await mesh.join(await mesh.invite())
  const token = await mesh.invite()
  mesh.isUp = false
  await expect(mesh.join(token)).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
  expect(await readMembership(mesh.disk)).toEqual(before)
})

test('given a mesh that is at a later state version, when a build joins that does not apply it, then both sides say so and nobody is admitted', async () => {
  const { members } = mesh.shared.state
  mesh.shared.state.version = 99
  await expect(mesh.join(await mesh.invite())).rejects.toMatchObject({
    code: 'PROTOCOL_MISMATCH',
    facts: { ours: 'state version 99', theirs: 'state versions 1 to 2' },
  })
  expect(mesh.warnings).toEqual(['a newcomer of another version was not let in'])
  expect([members.has(mesh.bob.id), await readMembership(mesh.disk)]).toEqual([false, null])
})

test('a token of another mesh is refused', async () => {
  await mesh.join(await mesh.invite())
  const other = new Mesh()
  await other.found()
  await expect(mesh.join(await other.invite())).rejects.toMatchObject({ code: 'ALREADY_MEMBER' })
})
