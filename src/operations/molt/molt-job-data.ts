/** What the work of strangers' hosts has left for its buyer. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import { dataFolder } from '../../model/molt-work.ts'
import { stream, unary } from '../operation.ts'
import { atBuyer, buyer, spend } from './molt-buying.ts'

const job = z.string().min(1).max(128).describe('Its id, or its name')

const Part = z.discriminatedUnion('type', [
  z.object({ type: z.literal('part'), data: z.string().describe('Base64 of the next part of a tar archive') }),
  z.object({ type: z.literal('end'), sha256: z.string().describe('Of all of the archive') }),
])

export const moltJobOutputs = stream({
  name: 'moltjob.outputs',
  about:
    'Read what the work of a job has left in one of its folders, from the provider that keeps it. The parts put together are a tar archive, which is always the same.',
  input: z.strictObject({
    job,
    folder: dataFolder.describe('Which of its output folders'),
    from: z.int().min(0).default(0).describe('Go on after so many bytes of the archive'),
    node: buyer,
  }),
  output: Part,
  permission: spend,
  rest: { method: 'GET', path: '/api/molt/jobs/:job/outputs' },
  where: atBuyer,
  async *handler({ job: wanted, folder: path, from }, { buying }, { signal }) {
    const { service } = buying.view()
    const folder = service.job(wanted).outputs.indexOf(path)
    if (folder < 0) throw new ClawError('INVALID_REQUEST', { problem: `${path} is no output folder of ${wanted}` })
    for await (const { data, sha256 } of service.outputs(wanted, { folder, from }, signal)) {
      if (data.length > 0) yield { type: 'part', data: Buffer.from(data).toString('base64') } as const
      if (sha256 !== '') yield { type: 'end', sha256 } as const
    }
  },
})

export const moltJobFetched = unary({
  name: 'moltjob.fetched',
  about: 'Tell the provider of a job that all that its work has left is here: it is wiped there.',
  input: z.strictObject({ job, node: buyer }),
  output: z.object({ job: z.string() }),
  permission: spend,
  rest: { method: 'POST', path: '/api/molt/jobs/:job/fetched' },
  where: atBuyer,
  async handler({ job: wanted }, { buying }, { signal }) {
    const { service } = buying.view()
    await service.haveOutputs(wanted, signal)
    return { job: service.job(wanted).id }
  },
})
