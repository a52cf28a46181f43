/** What goes with jobs to the hosts of strangers, and what their work leaves for its buyer. */
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
  rest: { method: 'POST', path: '/api/molt/jobs/:job/outputs' },
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

const upload = z
  .string()
  .regex(/^[a-z0-9-]{8,48}$/)
  .describe('A name that the caller makes up for the archive')

export const moltJobUpload = unary({
  name: 'moltjob.upload',
  isStep: true,
  about:
    'Send a node that buys the next part of a tar archive of files and folders that is to go with a job. `moltjob.keep` then says that it is whole.',
  input: z.strictObject({
    upload,
    offset: z.int().min(0).describe('How much was sent before; 0 begins anew'),
    data: z.base64().max(700_000).describe('Base64 of the part'),
    node: buyer,
  }),
  output: z.object({ received: z.int() }),
  permission: spend,
  rest: { method: 'POST', path: '/api/molt/inputs/upload' },
  where: atBuyer,
  async handler({ upload: id, offset, data }, { buying }, { signal }) {
    const { uploads } = buying.view().service.inputs
    return { received: await uploads.put(id, offset, Buffer.from(data, 'base64'), signal) }
  },
})

export const moltJobKeep = unary({
  name: 'moltjob.keep',
  isStep: true,
  about:
    'Keep an archive that was sent as a whole: `inputs` of a job can name it within an hour. It goes when that job is over.',
  input: z.strictObject({ upload, node: buyer }),
  output: z.object({ bytes: z.int(), sha256: z.string() }),
  permission: spend,
  rest: { method: 'POST', path: '/api/molt/inputs/keep' },
  where: atBuyer,
  handler: async ({ upload: id }, { buying }) => buying.view().service.inputs.uploads.finish(id),
})
