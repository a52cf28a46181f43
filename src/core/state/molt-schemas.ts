/** The MOLT network and the parts of nodes in it, as they stand in the log and in snapshots. */
import { z } from 'zod'
import type { NodeId } from '../../model/ids.ts'
import { moltModes, type MoltPart } from '../../model/molt.ts'
import { Genesis } from '../molt/network.ts'
import type { MoltNetwork, WrittenGenesis } from './molt-commands.ts'
import * as shape from './schemas.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'

const type = <T extends string>(name: T): { readonly type: z.ZodLiteral<T> } => ({ type: z.literal(name) })

/** Checked, and kept as it is written: what is signed is the hash of it. */
export const WrittenGenesisSchema = z.custom<WrittenGenesis>(
  (value) => Genesis.safeParse(value).success && JSON.stringify(value).length <= limits.moltGenesisBytes,
  'must be the rules of a MOLT network',
)

const address = z
  .string()
  .regex(/^\/[\x21-\x7e]{1,400}\/p2p\/[A-Za-z0-9]{1,128}$/, 'must be a multiaddr with a peer id')
/** Where hosts of a network are. */
export const bootstrap = z.array(address).max(limits.moltBootstrap)
const networkId = z.string().min(1).max(64)

const Part = z.strictObject({
  party: shape.NodeIdSchema,
  mode: z.enum(moltModes).nullable(),
  since: shape.instant,
  addresses: z.array(address).max(32),
}) satisfies z.ZodType<MoltPart>

/** Of every command in this file. */
export const moltCommands = [
  z.strictObject({ ...type('set-molt-network'), genesis: WrittenGenesisSchema, bootstrap }),
  z.strictObject({ ...type('leave-molt-network'), network: networkId }),
  z.strictObject({ ...type('report-molt'), node: shape.NodeIdSchema, part: Part.nullable() }),
] as const

const NetworkSchema = z.strictObject({
  ...{ id: networkId, genesis: WrittenGenesisSchema, bootstrap },
  ...{ since: shape.instant, by: z.string() },
}) satisfies z.ZodType<MoltNetwork>

/** As they stand in snapshots, where there are any. */
export const moltFields = {
  moltNetwork: NetworkSchema.exactOptional(),
  moltParts: z.array(z.tuple([shape.NodeIdSchema, Part])).exactOptional(),
}
type Written = z.infer<z.ZodObject<typeof moltFields>>

export const writtenMolt = ({ moltNetwork, moltParts }: State): Written => ({
  ...(moltNetwork !== null && { moltNetwork: moltNetwork as z.infer<typeof NetworkSchema> }),
  ...(moltParts.size > 0 && { moltParts: [...moltParts] as [NodeId, z.infer<typeof Part>][] }),
})

export const readMolt = ({
  moltNetwork = undefined,
  moltParts = [],
}: Written): Pick<State, 'moltNetwork' | 'moltParts'> => ({
  moltNetwork: moltNetwork ?? null,
  moltParts: new Map(moltParts),
})
