/** Founding: a mesh of one, made of nothing but this node's keys and a new one for the mesh. */
import { meshIdOf } from '../../core/admission/genesis.ts'
import type { Command, Genesis, NewMember } from '../../core/state/types.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Disk } from '../../ports/journal.ts'
import type { MeshKeys, Sealer } from '../../ports/keys.ts'
import { certificateFor, meshKeyScope } from './mesh-key.ts'
import { type StoredMembership, writeMembership } from './membership-file.ts'

export interface FoundDeps {
  readonly self: NodeId
  readonly sealer: Sealer
  readonly keys: MeshKeys
  readonly clock: Clock
  readonly disk: Pick<Disk, 'writeBlob'>
}

export interface Founder {
  /** Of the mesh. */
  readonly mesh: string
  /** Of this node. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly networkKey: Uint8Array | null
}

/** Makes the mesh and writes the membership. `foundingCommand` then has to be committed, which may be repeated. */
export async function foundMesh(
  { mesh, name, labels, networkKey }: Founder,
  deps: FoundDeps,
): Promise<StoredMembership> {
  const { self, sealer, keys, clock, disk } = deps
  const { publicKey, secret } = keys.generate()
  const now = clock.now()
  const genesis: Genesis = {
    name: mesh,
    publicKey: Buffer.from(publicKey).toString('base64'),
    founder: self,
    createdAt: now,
  }
  const id = meshIdOf(genesis)
  const roles = ['member']
  const founder: NewMember = { id: self, name, labels, roles, addresses: [], sealKey: sealer.sealKey }
  const stored: StoredMembership = {
    mesh: id,
    genesis,
    // The founder is the first member, so its epoch is the first.
    certificate: certificateFor({ id: self, name, roles, epoch: 1 }, { mesh: id, secret, now, keys }),
    addresses: [],
    networkKey,
    founding: { founder, sealedKey: sealer.seal(sealer.sealKey, meshKeyScope(id), secret) },
  }
  await writeMembership(disk, stored)
  return stored
}

/** The mesh's first command, for its founder to commit under the id `found`; null on every other node. */
export function foundingCommand({ mesh: id, genesis, founding }: StoredMembership): Command | null {
  return founding === null ? null : { type: 'found', id, genesis, ...founding }
}
