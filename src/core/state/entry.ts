/** Entries as bytes: JSON, checked and bounded. */
import { z } from 'zod'
import { shallowJson } from '../../lib/nesting.ts'
import { ClawError } from '../../model/failure.ts'
import { TaintName } from '../../model/label.ts'
import { cronCommands } from './cron-schemas.ts'
import { accessCommands } from './access-schemas.ts'
import { deploymentCommands } from './deployment-schemas.ts'
import { jobCommands, resultText } from './job-schemas.ts'
import { namespaceName, Quota, QuotaPatch, WorkLimitsPatch } from '../../model/namespace.ts'
import { certificateCommands } from './certificate-schemas.ts'
import { ingressCommands } from './ingress-schemas.ts'
import { networkPolicyCommands } from './network-policy-schemas.ts'
import { policyCommands } from './policy-schemas.ts'
import { vaultCommands } from './vault-schemas.ts'
import * as shape from './schemas.ts'
import { backupCommands } from './backup-schemas.ts'
import { moltCommands } from './molt-schemas.ts'
import { overlayCommands } from './overlay-schemas.ts'
import { volumeCommands } from './volume-schemas.ts'
import { limits } from './state.ts'
import { workflowCommands } from './workflow-schemas.ts'
import type { Command, Entry, Outcome } from './types.ts'

const type = <T extends string>(name: T): { readonly type: z.ZodLiteral<T> } => ({ type: z.literal(name) })
const node = shape.NodeIdSchema
const weight = shape.weight
const placement = shape.PlacementIdSchema
const workload = shape.WorkloadIdSchema
const workLimits = { defaults: WorkLimitsPatch.exactOptional(), maxima: WorkLimitsPatch.exactOptional() }

/** A command from another peer, or from a log. */
export const CommandSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...type('found'),
    id: shape.MeshIdSchema,
    genesis: shape.GenesisSchema,
    founder: shape.NewMemberSchema,
    sealedKey: shape.opaque,
  }),
  z.strictObject({ ...type('create-token'), token: shape.NewToken }),
  z.strictObject({
    ...type('admit'),
    tokenId: shape.word,
    secretHash: shape.opaque,
    member: shape.NewMemberSchema,
  }),
  z.strictObject({
    ...type('update-member'),
    node,
    addresses: shape.addresses.exactOptional(),
    labels: shape.labels.exactOptional(),
    labelPatch: shape.labelPatch.exactOptional(),
  }),
  z.strictObject({ ...type('remove-member'), node, force: z.boolean() }),
  z.strictObject({ ...type('report-inventory'), node, inventory: shape.Inventory }),
  z.strictObject({ ...type('record-liveness'), node, liveness: shape.LivenessSchema }),
  z.strictObject({ ...type('seal-mesh-key'), node, sealedKey: shape.opaque }),
  z.strictObject({ ...type('add-operator'), key: node, name: shape.word }),
  z.strictObject({ ...type('remove-operator'), key: node }),
  z.strictObject({ ...type('submit'), workload, name: shape.workloadName, spec: shape.WorkloadSpec }),
  z.strictObject({
    ...type('place'),
    workload,
    attempt: shape.count,
    node,
    devices: z.array(shape.word).max(64),
    executor: shape.Executor,
    because: shape.text.exactOptional(),
  }),
  z.strictObject({
    ...type('place-gang'),
    group: shape.GroupIdSchema,
    attempt: shape.count,
    places: z.array(z.strictObject({ node, devices: z.array(shape.word).max(64), executor: shape.Executor })).max(256),
    because: shape.text.exactOptional(),
  }),
  z.strictObject({ ...type('claim'), placement, node }),
  z.strictObject({ ...type('reject'), placement, node, reason: shape.text }),
  z.strictObject({ ...type('withdraw'), placement, reason: shape.text }),
  z.strictObject({ ...type('report-starting'), placement, node, progress: shape.text }),
  z.strictObject({
    ...type('report-running'),
    placement,
    node,
    startedAt: shape.instant,
    image: shape.RanImageSchema.exactOptional(),
    overlayAddress: shape.ipv4.exactOptional(),
  }),
  z.strictObject({ ...type('report-checkpoint'), placement, node, at: shape.instant }),
  z.strictObject({
    ...type('report-health'),
    placement,
    node,
    ready: z.boolean(),
    reason: shape.text.nullable(),
    at: shape.instant,
  }),
  z.strictObject({
    ...type('report-ended'),
    placement,
    node,
    endedAt: shape.instant,
    exitCode: z.int().nullable(),
    error: shape.WorkloadErrorSchema.nullable(),
    image: shape.RanImageSchema.exactOptional(),
    unasked: z.literal(true).exactOptional(),
    result: resultText.exactOptional(),
  }),
  z.strictObject({
    ...type('evict'),
    placement,
    reason: shape.text,
    grace: shape.span.nullable(),
    target: node.nullable(),
    avoid: z.boolean(),
  }),
  z.strictObject({ ...type('lose'), placement, reason: shape.text }),
  z.strictObject({ ...type('give-up'), workload }),
  z.strictObject({ ...type('note-wait'), workload, reason: shape.text }),
  z.strictObject({ ...type('update-taints'), node, add: shape.taints, remove: z.array(TaintName).max(limits.taints) }),
  z.strictObject({
    ...type('set-scheduling'),
    node,
    mode: shape.SchedulingMode,
    reason: shape.text,
    grace: shape.span.nullable(),
  }),
  z.strictObject({ ...type('request-stop'), workload, force: z.boolean(), reason: shape.reason.exactOptional() }),
  z.strictObject({
    ...type('create-namespace'),
    name: namespaceName,
    quota: Quota,
    weight,
    borrow: z.boolean(),
    ...workLimits,
  }),
  z.strictObject({
    ...type('update-namespace'),
    name: namespaceName,
    quota: QuotaPatch.exactOptional(),
    weight: weight.exactOptional(),
    borrow: z.boolean().exactOptional(),
    ...workLimits,
  }),
  z.strictObject({ ...type('remove-namespace'), name: namespaceName }),
  ...deploymentCommands,
  ...volumeCommands,
  ...backupCommands,
  ...moltCommands,
  ...overlayCommands,
  z.strictObject({ ...type('report-audit-head'), node, seq: shape.count.min(1), hash: shape.sha256 }),
  ...jobCommands,
  ...cronCommands,
  ...workflowCommands,
  ...policyCommands,
  ...ingressCommands,
  ...networkPolicyCommands,
  ...certificateCommands,
  ...accessCommands,
  ...vaultCommands,
  z.strictObject({
    ...type('tell'),
    node,
    source: shape.source,
    severity: shape.SeveritySchema,
    message: shape.remark,
  }),
  z.strictObject({ ...type('prune'), workloads: z.array(workload).max(1_000) }),
  z.strictObject({ ...type('raise-version'), version: shape.count }),
]) satisfies z.ZodType<Command>

const EntrySchema = z.strictObject({
  id: z.string().min(1).max(256),
  at: shape.instant,
  by: z.string().min(1).max(256),
  via: node.nullable(),
  command: CommandSchema,
}) satisfies z.ZodType<Entry>

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Throws TOO_LARGE, and INVALID_REQUEST for what no peer would be able to read back. */
export function encodeEntry(entry: Entry): Uint8Array {
  const checked = EntrySchema.safeParse(entry)
  if (!checked.success)
    throw new ClawError('INVALID_REQUEST', { problem: problemOf(checked.error) }, { cause: checked.error })
  const bytes = new TextEncoder().encode(JSON.stringify(checked.data))
  if (bytes.length > limits.entryBytes)
    throw new ClawError('TOO_LARGE', { what: `the command ${entry.command.type}`, limit: limits.entryBytes })
  return bytes
}

/** The entry, or null when the bytes are not one that this version can read. */
export function decodeEntry(bytes: Uint8Array): Entry | null {
  const json = bytes.length > limits.entryBytes ? undefined : parseJson(bytes)
  const parsed = EntrySchema.safeParse(json)
  return parsed.success ? parsed.data : null
}

/** A quick look that never misses an entry which raises the version, whatever else it may take for one. */
export const mayRaise = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('"raise-version"')

/** A command that another peer sent. Throws TOO_LARGE or INVALID_REQUEST. */
export function decodeCommand(bytes: Uint8Array): Command {
  if (bytes.length > limits.entryBytes)
    throw new ClawError('TOO_LARGE', { what: 'the command', limit: limits.entryBytes })
  const parsed = CommandSchema.safeParse(parseJson(bytes))
  if (!parsed.success)
    throw new ClawError('INVALID_REQUEST', { problem: problemOf(parsed.error) }, { cause: parsed.error })
  return parsed.data
}

export const encodeCommand = (command: Command): Uint8Array => new TextEncoder().encode(JSON.stringify(command))

export const encodeOutcome = (outcome: Outcome): Uint8Array => new TextEncoder().encode(JSON.stringify(outcome))

/** What the leader said that a command led to. Throws INTERNAL when it is not an outcome. */
export function decodeOutcome(bytes: Uint8Array): Outcome {
  const parsed = shape.OutcomeSchema.safeParse(parseJson(bytes))
  if (!parsed.success)
    throw new ClawError('INTERNAL', { detail: 'the leader’s answer cannot be read' }, { cause: parsed.error })
  return parsed.data
}

/** Undefined for what is not JSON in UTF-8, or nested too deep; no schema of ours accepts that. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return shallowJson(utf8.decode(bytes))
  } catch {
    return undefined
  }
}

const problemOf = (error: z.ZodError): string =>
  error.issues
    .slice(0, 3)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ')
