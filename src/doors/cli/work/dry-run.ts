/** Where a workload would go, without submitting it. */
import { failures } from '../../../model/failures.ts'
import type { InputOf, OutputOf } from '../../../operations/registry.ts'
import type { Api } from '../peer/api.ts'
import type { Session } from '../line/command.ts'
import { exitCodeOf } from '../exit-code.ts'
import { verdictLines } from '../show/verdicts.ts'

/** Returns 0 when it would be placed at once, else the code of a request for which there is no room. */
export async function dryRun(
  api: Api,
  request: InputOf<'workload.plan'>,
  { out, signal }: Pick<Session, 'out' | 'signal'>,
): Promise<number> {
  const answer = await api.call('workload.plan', request, signal)
  await out.result(answer, async (plan, style) =>
    plan.fits
      ? plan.parts.length === 0
        ? [`would run ${placeInWords(plan)}`, ...((plan.because ?? null) === null ? [] : [`because ${plan.because}`])]
        : plan.parts.map((part, index) => `part ${index} would run ${placeInWords(part)}`)
      : [`would wait: ${plan.reason ?? 'for its turn'}`, '', ...(await verdictLines(plan, style))],
  )
  // A peer of an older build knows of no policies.
  for (const { message } of answer.violations ?? []) out.note(`warning: ${message}`)
  return answer.fits ? 0 : exitCodeOf({ code: 'NO_GPUS_AVAILABLE', kind: failures.NO_GPUS_AVAILABLE.kind })
}

/** `on gpu-2 (docker) with GPU 0, GPU 1`. */
function placeInWords({ node, devices, executor }: OutputOf<'workload.plan'>['parts'][number]): string {
  const gpus = devices.length === 0 ? 'without a GPU' : `with ${devices.map(({ index }) => `GPU ${index}`).join(', ')}`
  return `on ${node ?? 'a node'} (${executor ?? 'any executor'}) ${gpus}`
}
