/** Words that nodes carry, and how work chooses nodes by them. */
import { z } from 'zod'

export const labelName = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/, 'must be a label name')

/** `NoSchedule` keeps new work away, `PreferNoSchedule` where there is another node, `NoExecute` moves what runs there as well. */
export const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const

/** What keeps work away from a node unless the work tolerates it. A node has at most one for each key and effect. */
export const Taint = z.strictObject({
  key: labelName,
  value: z.string().max(256).default(''),
  effect: z.enum(taintEffects),
})
export type Taint = z.infer<typeof Taint>

/** Taints of a node by their key, and by their effect if there is one. */
export const TaintName = z.strictObject({ key: labelName, effect: z.enum(taintEffects).exactOptional() })
export type TaintName = z.infer<typeof TaintName>

/** Without a value every value is tolerated, without an effect every effect. */
export const Toleration = z.strictObject({
  key: labelName,
  value: z.string().max(256).optional(),
  effect: z.enum(taintEffects).optional(),
})
export type Toleration = z.infer<typeof Toleration>

/** Does one of the tolerations stand for this taint? What a toleration leaves out, it tolerates all of. */
export const isTolerated = (taint: Taint, tolerations: readonly Toleration[] = []): boolean =>
  tolerations.some(
    ({ key, value, effect }) =>
      key === taint.key &&
      (value === undefined || value === taint.value) &&
      (effect === undefined || effect === taint.effect),
  )

/** The first of the taints that sends away what runs and does not tolerate it. */
export const evicting = (taints: readonly Taint[], tolerations?: readonly Toleration[]): Taint | undefined =>
  taints.find((taint) => taint.effect === 'NoExecute' && !isTolerated(taint, tolerations))

/** `team=vision:NoSchedule`, or `team:NoSchedule` without a value: as people write it. */
export const taintInWords = ({ key, value, effect }: Taint): string =>
  `${key}${value === '' ? '' : `=${value}`}:${effect}`
