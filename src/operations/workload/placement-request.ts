/** How people write which nodes work may go to, and what becomes of it when it ends or is cut off; and what the spec makes of it. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import { taintEffects } from '../../model/label.ts'
import type { Dependency } from '../../model/workload.ts'
import { span, spanOf } from '../fields.ts'

const labels = z.record(z.string(), z.string())
const text = z.string().min(1).max(1_024)

const selectors = z.array(z.union([text, labels], { error: 'must be "app=db,tier=cache" or {"app": "db"}' })).max(8)

const others = (what: string) =>
  z.array(text).max(64).optional().describe(`Names or ids of other workloads: it waits until they ${what}`)

/** The keys of a request that this file translates. */
export const placementFields = {
  labels: labels.optional().describe('What the workload is; others can ask to be near or apart from it'),
  tolerations: z
    .array(
      z.union(
        [
          text,
          z.strictObject({ key: z.string(), value: z.string().optional(), effect: z.enum(taintEffects).optional() }),
        ],
        { error: 'must be "key", "key=value:NoSchedule" or {"key", "value", "effect"}' },
      ),
    )
    .max(32)
    .optional()
    .describe('Taints that do not keep it away: `key`, `key=value`, `key:NoExecute` or `key=value:NoSchedule`'),
  near: selectors
    .optional()
    .describe('Only nodes that run work with these labels, for each of them: `app=db,tier=cache`'),
  apart: selectors.optional().describe('Only nodes that run no work with these labels: `app=db`'),
  strategy: z
    .enum(['pack', 'spread'], { error: 'must be pack or spread' })
    .optional()
    .describe('Fill nodes one after the other, as when left out, or share the load out'),
  restart: z
    .union(
      [
        z.string().max(32),
        z.strictObject({
          policy: z.string().max(32),
          maxRetries: z.int().min(0).max(1_000).optional(),
          backoff: span.optional(),
        }),
      ],
      { error: 'must be no, on-failure, on-failure:5, always, or {"policy", "maxRetries", "backoff"}' },
    )
    .optional()
    .describe(
      'What happens when it ends: `no`, `on-failure`, `on-failure:5` or `always`; `backoff` is the first pause',
    ),
  after: others('have started'),
  afterOk: others('have completed'),
  afterAny: others('have ended, however that was'),
  onPartition: z
    .enum(['continue', 'stop', 'replace'], { error: 'must be continue, stop or replace' })
    .optional()
    .describe('What happens when its node is cut off; `continue` when left out'),
}

type Fields = z.output<z.ZodObject<typeof placementFields>>

/** Throws INVALID_REQUEST with the first word that cannot be read. What is left out is undefined. */
export function placementOf({ labels, tolerations, near, apart, strategy, restart, onPartition, ...others }: Fields) {
  return {
    ...{ labels, strategy, onPartition },
    tolerations: tolerations?.map((one) => (typeof one === 'string' ? tolerationOf(one) : one)),
    near: near?.map((one) => selectorOf(one, 'near')),
    apart: apart?.map((one) => selectorOf(one, 'apart')),
    restart: restart === undefined ? undefined : restartOf(restart),
    dependencies: dependenciesOf(others),
  }
}

/** Undefined when it waits for nobody. */
function dependenciesOf(others: Pick<Fields, 'after' | 'afterOk' | 'afterAny'>): readonly Dependency[] | undefined {
  const all = (['after', 'afterOk', 'afterAny'] as const).flatMap((condition) =>
    (others[condition] ?? []).map((workload) => ({ workload, condition })),
  )
  return all.length === 0 ? undefined : all
}

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

/** Without a value every value is tolerated; `key=` tolerates the empty one only. */
function tolerationOf(text: string): object {
  const parts = /^(?<key>[^=:]+)(?:=(?<value>[^:]*))?(?::(?<effect>.*))?$/.exec(text)?.groups
  if (parts?.['key'] === undefined)
    throw invalid(`toleration “${text.slice(0, 64)}” is not key, key=value or key:effect`)
  const { key, value, effect } = parts
  if (effect !== undefined && !taintEffects.some((known) => known === effect))
    throw invalid(`toleration “${text.slice(0, 64)}” ends with none of ${taintEffects.join(', ')}`)
  return { key, ...(value === undefined ? {} : { value }), ...(effect === undefined ? {} : { effect }) }
}

/** One that names nothing would be met by everything, or by nothing: nobody means it. */
function selectorOf(selector: string | Record<string, string>, what: string): Record<string, string> {
  const pairs = typeof selector === 'string' ? selector.split(',').map((pair) => pairOf(pair, what)) : null
  const labels = pairs === null ? (selector as Record<string, string>) : Object.fromEntries(pairs)
  if (Object.keys(labels).length === 0) throw invalid(`${what} names no label`)
  return labels
}

function pairOf(pair: string, what: string): readonly [string, string] {
  const cut = pair.indexOf('=')
  if (cut < 1) throw invalid(`${what} “${pair.slice(0, 64)}” is not key=value`)
  return [pair.slice(0, cut).trim(), pair.slice(cut + 1).trim()]
}

type RestartRequest = Exclude<NonNullable<Fields['restart']>, string>

/** Undefined for `no`: it stays ended. */
function restartOf(restart: string | RestartRequest): object | undefined {
  const asked: RestartRequest = typeof restart === 'string' ? { policy: restart } : restart
  const { policy: words, maxRetries, backoff } = asked
  const [, policy, most] = /^(no|on-failure|always)(?::(\d{1,4}))?$/.exec(words) ?? []
  if (policy === undefined || (most !== undefined && policy !== 'on-failure'))
    throw invalid(`restart “${words}” is none of no, on-failure, on-failure:5, always`)
  if (most !== undefined && maxRetries !== undefined) throw invalid('restart says twice how often')
  if (policy === 'no') return undefined
  return {
    policy,
    ...(most === undefined ? {} : { maxRetries: Number(most) }),
    ...(maxRetries === undefined ? {} : { maxRetries }),
    ...(backoff === undefined ? {} : { backoffMs: spanOf(backoff, 'backoff', 0) }),
  }
}
