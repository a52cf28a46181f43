/** What people are shown of a secret: everything but its value. */
import { z } from 'zod'
import { usersOf } from '../../core/vault/entitlement.ts'
import type { Secret } from '../../model/secret.ts'
import { dueAt, secretChanges, versionOrigins } from '../../model/secret.ts'
import { day } from '../../model/time.ts'
import type { OperationContext } from '../context.ts'
import { iso, isoOrNull, time } from '../fields.ts'
import { nameOf } from '../node/node-view.ts'

export const SecretView = z.object({
  name: z.string(),
  namespace: z.string(),
  version: z.int().describe('The one that is given out now'),
  keyVersion: z.int().describe('The same'),
  versions: z.array(
    z.object({ version: z.int(), at: time, by: z.string(), how: z.enum(versionOrigins).describe('How it came about') }),
  ),
  policy: z.object({
    allowWorkloads: z.array(z.string()),
    allowLabels: z.record(z.string(), z.string()),
    denyWorkloads: z.array(z.string()),
  }),
  rotation: z
    .object({
      days: z.number(),
      length: z.int().nullable().describe('Of the values that the mesh makes; null where somebody has to give one'),
      dueAt: z.string().nullable(),
      isDue: z.boolean().describe('A new value is due that somebody has to give'),
    })
    .nullable(),
  users: z
    .array(
      z.object({
        workload: z.string(),
        id: z.string(),
        state: z.string(),
        version: z.int().nullable().describe('Which one it was given; null before it has started'),
        isOld: z.boolean().describe('It was given another version than the present one'),
      }),
    )
    .describe('Work that has not ended and is given it'),
  createdAt: time,
  createdBy: z.string(),
  rotatedAt: time,
})
export type SecretView = z.infer<typeof SecretView>

type Context = Pick<OperationContext, 'control'>

export function secretView(secret: Secret, { control }: Context): SecretView {
  const { name, namespace, current, rotation } = secret
  return {
    ...{ name, namespace, version: current, keyVersion: current },
    versions: secret.versions.map(({ number, at, by, how }) => ({ version: number, at: iso(at), by, how })),
    policy: {
      allowWorkloads: [...secret.policy.allowWorkloads],
      allowLabels: { ...secret.policy.allowLabels },
      denyWorkloads: [...secret.policy.denyWorkloads],
    },
    rotation:
      rotation === null
        ? null
        : {
            days: rotation.everyMs / day,
            length: rotation.generate,
            dueAt: isoOrNull(dueAt(secret)),
            isDue: secret.isDue,
          },
    users: usersOf(control.state, secret).map(({ workload, version }) => ({
      ...{ workload: workload.name, id: workload.id, state: workload.state, version },
      isOld: version !== null && version !== current,
    })),
    createdAt: iso(secret.createdAt),
    createdBy: secret.createdBy,
    rotatedAt: iso(secret.rotatedAt),
  }
}

export const SecretHistory = z.array(
  z.object({
    at: time,
    what: z.enum([...secretChanges, 'used']),
    by: z.string().describe('Who did it; of a use, the node that was given it'),
    version: z.int(),
    workload: z.string().nullable().describe('Of a use: the workload that it was for'),
  }),
)

/** Oldest first. */
export const historyOf = ({ changes, uses }: Secret, { control }: Context): z.infer<typeof SecretHistory> =>
  [
    ...changes.map(({ at, what, by, version }) => ({ at, what, by, version, workload: null })),
    ...uses.map(({ at, name, node, version }) => ({
      ...{ at, what: 'used' as const, version, workload: name },
      by: nameOf(control.state, node),
    })),
  ]
    .toSorted((a, b) => a.at - b.at)
    .map((entry) => ({ ...entry, at: iso(entry.at) }))
