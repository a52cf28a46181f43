/** The overlay, and the commands on it, as they stand in the log and in snapshots. */
import { z } from 'zod'
import type { Overlay } from '../../model/overlay.ts'
import * as shape from './schemas.ts'

const type = <T extends string>(name: T): { readonly type: z.ZodLiteral<T> } => ({ type: z.literal(name) })
const node = shape.NodeIdSchema
const range = z.string().regex(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, 'must be a range such as 10.100.0.0/16')
/** 32 bytes in base64. */
const key = z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'must be 32 bytes in base64')
const signature = z.string().regex(/^[A-Za-z0-9+/]{86}==$/, 'must be 64 bytes in base64')
const generation = z.int().min(1)
/** What `wg` can read, and no more: it becomes a line of its configuration. */
export const endpoint = z
  .string()
  .max(260)
  .regex(
    /^(\[[0-9a-fA-F:]{2,45}\]|[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(:\d{1,5})?$/,
    'must be HOST or HOST:PORT',
  )

const settings = z.strictObject({
  nodes: range,
  containers: range,
  containerBits: z.int().min(1).max(30),
  presharedKeys: z.boolean(),
  meshUpTo: z.int().min(2).max(500),
})
const lane = z.strictObject({ generation, publicKey: key, signature, port: z.int().min(1).max(65_535) })
const said = { endpoints: z.array(endpoint).max(16), isBehindNat: z.boolean(), isManaged: z.boolean() }
const detours = z.array(node).max(1_000)
const nodes = z.array(node).min(1).max(1_000).nullable()

/** Of every command in this file. */
export const overlayCommands = [
  z.strictObject({ ...type('enable-overlay'), settings }),
  z.strictObject({ ...type('disable-overlay') }),
  z.strictObject({ ...type('join-overlay'), node, lane, ...said }),
  z.strictObject({ ...type('leave-overlay'), node }),
  z.strictObject({ ...type('detour-overlay'), node, detours }),
  z.strictObject({ ...type('rotate-overlay'), nodes, finish: z.boolean() }),
  z.strictObject({ ...type('report-overlay'), node, moved: generation }),
] as const

const OverlaySchema = z.strictObject({
  settings,
  generation,
  rotation: z.strictObject({ generation, fresh: nodes, since: shape.instant }).nullable(),
  nodes: z.array(
    z.strictObject({
      ...{ node, slot: z.int().min(1), lanes: z.array(lane).max(2), ...said, moved: z.int().min(0) },
      detours: detours.exactOptional(),
    }),
  ),
})

export const overlayFields = { overlay: OverlaySchema.exactOptional() }
type Written = z.infer<z.ZodObject<typeof overlayFields>>

export const writtenOverlay = ({ overlay }: { readonly overlay: Overlay | null }): Written =>
  overlay === null
    ? {}
    : { overlay: { ...overlay, nodes: [...overlay.nodes.values()] } as z.infer<typeof OverlaySchema> }

export const readOverlay = ({ overlay }: Written): { overlay: Overlay | null } => ({
  overlay: overlay === undefined ? null : { ...overlay, nodes: new Map(overlay.nodes.map((one) => [one.node, one])) },
})
