/** What a node keeps of its membership: enough to start again, and to find the others. */
import { z } from 'zod'
import { meshIdOf } from '../../core/admission/genesis.ts'
import { ClawError } from '../../model/failure.ts'
import { type MeshId, type NodeId, nodeId } from '../../model/ids.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Genesis, NewMember } from '../../core/state/types.ts'

export const membershipFile = 'membership'

export interface StoredMembership {
  readonly mesh: MeshId
  readonly genesis: Genesis
  readonly certificate: Uint8Array
  /** Where other members could be dialled when this was written. */
  readonly addresses: readonly string[]
  /** Pre-shared key that came with the join token. */
  readonly networkKey: Uint8Array | null
  /** On the founder: what the mesh's first command says. */
  readonly founding: { readonly founder: NewMember; readonly sealedKey: string } | null
}

const base64 = z
  .base64()
  .max(8_192)
  .transform((text) => new Uint8Array(Buffer.from(text, 'base64')))
const node = z
  .string()
  .min(1)
  .max(128)
  .transform((text): NodeId => nodeId(text))

const FileSchema = z.object({
  version: z.literal(1),
  genesis: z.object({ name: z.string(), publicKey: z.string(), founder: node, createdAt: z.int() }),
  certificate: base64,
  addresses: z.array(z.string()).max(1_024),
  networkKey: base64.nullable(),
  founding: z
    .object({
      founder: z.object({
        id: node,
        name: z.string(),
        labels: z.record(z.string(), z.string()),
        roles: z.array(z.string()),
        addresses: z.array(z.string()),
        sealKey: z.string(),
      }),
      sealedKey: z.string(),
    })
    .nullable(),
})

/** The membership of this data directory; null when it belongs to no mesh yet. Throws STATE_CORRUPT. */
export async function readMembership(disk: Pick<Disk, 'readBlob'>): Promise<StoredMembership | null> {
  const bytes = await disk.readBlob(membershipFile)
  if (bytes === null) return null
  try {
    const file = FileSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
    const { genesis, certificate, addresses, networkKey, founding } = file
    return { mesh: meshIdOf(genesis), genesis, certificate, addresses, networkKey, founding }
  } catch (cause) {
    throw new ClawError('STATE_CORRUPT', { file: membershipFile, detail: 'it holds no membership' }, { cause })
  }
}

export async function writeMembership(disk: Pick<Disk, 'writeBlob'>, stored: StoredMembership): Promise<void> {
  const { genesis, certificate, addresses, networkKey, founding } = stored
  const file = {
    version: 1,
    genesis,
    certificate: text(certificate),
    addresses: addresses.slice(0, 1_024),
    networkKey: networkKey === null ? null : text(networkKey),
    founding,
  }
  await disk.writeBlob(membershipFile, Buffer.from(`${JSON.stringify(file, null, 2)}\n`), { secret: true })
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
