/** Challenging a provider to show that it has the memory that it lends. */
import { z } from 'zod'
import { mostSteps, usualSteps } from '../../core/molt/market/challenge.ts'
import { probeLease } from '../../core/molt/market/probe-lease.ts'
import { laneMib } from '../../lib/memory-lanes.ts'
import { parseDuration, parseMemoryMib } from '../../lib/units.ts'
import { ClawError } from '../../model/failure.ts'
import { party } from '../../model/molt-agreement.ts'
import { probeFields } from '../../model/molt-preferences.ts'
import { isolation, verifications } from '../../model/molt-hardware.ts'
import { stream } from '../operation.ts'
import { wishOf } from './molt-job-request.ts'
import { atBuyer, buyer, buyingHere, spend } from './molt-buying.ts'

export const moltProbe = stream({
  name: 'molt.probe',
  about:
    'Challenge a provider: rent a GPU of it for a moment, have a program fill its memory, and check what comes back. What was found counts from then on.',
  input: z.strictObject({
    provider: party.describe('Its market id'),
    ...probeFields,
    steps: z
      .int()
      .min(1)
      .max(mostSteps)
      .default(usualSteps)
      .describe('Of the walk through the memory; each costs this node some work'),
    within: z
      .string()
      .max(32)
      .refine((text) => (parseDuration(text) ?? 0) > 0, 'must be a time such as 20s')
      .optional()
      .describe('So long filling the memory may take; as long as this node itself would need when left out'),
    isolation: z.array(isolation).min(1).max(3).optional().describe('Ways to be kept apart that it accepts'),
    node: buyer,
  }),
  output: z.object({
    job: z.string().describe('The job that is the lease'),
    verdict: z.enum(['asking', 'probed', 'probe-failed', 'unclear']).describe('`asking` as long as it is not known'),
    why: z.string().nullable(),
    filledMs: z.number().nullable(),
    walkedMs: z.number().nullable(),
    laneMs: z.number().nullable().describe('What 4 MiB of it take this node'),
    verification: z.enum(verifications).describe('How sure this node is of the provider now'),
  }),
  permission: spend,
  rest: { method: 'POST', path: '/api/molt/probes' },
  where: atBuyer,
  async *handler(request, context, { signal, caller }) {
    const { provider, within, program, memory, steps, image, maxPrice, isolation } = request
    const view = buyingHere(context)
    if (provider === context.molt.status().party)
      throw new ClawError('INVALID_REQUEST', { problem: 'a node does not challenge itself' })
    const none = { why: null, filledMs: null, walkedMs: null, laneMs: null }
    const preferences = await context.buying.preferences()
    const asked = { image, gpus: 1, duration: '5m', maxPrice, strategy: 'balanced' as const, isolation }
    const wanted = { ...asked, inputs: [], outputs: [] }
    const here = { images: context.images, sent: view.service.inputs }
    const { image: known, ...wish } = await wishOf(wanted, preferences, here, signal)
    const lease = probeLease(known, wish)
    const measure = { memoryMib: parseMemoryMib(memory) ?? laneMib, steps, within: parseDuration(within ?? '') }
    const begun = Promise.withResolvers<string>()
    const done = view.probe(
      { ...lease, ...measure, provider, program, by: caller.id },
      (job) => begun.resolve(job),
      signal,
    )
    done.catch(begun.reject)
    const job = await begun.promise
    yield { job, verdict: 'asking' as const, ...none, verification: view.verificationOf(provider) }
    const { verdict, why, filledIn, walkedIn, laneTakes } = await done
    yield {
      ...{ job, verdict, why, filledMs: filledIn, walkedMs: walkedIn, laneMs: laneTakes },
      verification: view.verificationOf(provider),
    }
  },
})
