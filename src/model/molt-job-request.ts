/** What somebody wants to have run by strangers, as it is written by people: in a request, in a file, at the command line. */
import { z } from 'zod'
import { parseDuration, parseMemoryMib } from '../lib/units.ts'
import { party } from './molt-agreement.ts'
import { mostBytes, mostFolders } from './molt-data.ts'
import { gpuModel, isolation, mostGpus, region, verification } from './molt-hardware.ts'
import { molt } from './molt-policy.ts'
import { strategies } from './molt-want.ts'
import { dataFolder, processEnv, processFolder, processWords } from './molt-work.ts'

const size = z
  .string()
  .max(32)
  .refine((text) => parseMemoryMib(text) !== null, 'must be a size such as 64Gi')
const span = z
  .string()
  .max(32)
  .refine((text) => (parseDuration(text) ?? 0) >= 1_000, 'must be a time such as 90s, 10m or 24h')

/** What is looked for. */
export const wishFields = {
  image: z.string().min(1).max(256).describe('With its digest, NAME@sha256:…; by a tag only where this node has it'),
  gpus: z.int().min(1).max(mostGpus).default(1).describe('How many GPUs; 1 when left out'),
  gpuType: gpuModel.optional().describe('Model or family of the GPUs, such as H100; any when left out'),
  gpuMemory: size.optional().describe('Least memory of each GPU, such as 40Gi'),
  duration: span.describe('So long it may run at most: 90s, 30m, 24h'),
  maxPrice: molt.describe('For all of it, in MOLT'),
  strategy: z.enum(strategies).default('balanced').describe('What counts when bids are compared'),
  minReputation: z.int().min(0).max(100).optional().describe('Of 100; as the node’s preferences say when left out'),
  isolation: z
    .array(isolation)
    .min(1)
    .max(3)
    .optional()
    .describe('Ways to be kept apart that it accepts; as the node’s preferences say when left out'),
  prefer: z.array(party).max(32).optional().describe('Providers that come first'),
  minVerification: verification
    .optional()
    .describe(
      'How sure this node has to be of the provider, by what it has seen itself: self-reported, probed, re-executed',
    ),
  verify: z
    .enum(['re-execution'])
    .optional()
    .describe(
      'The work prints the same whenever it runs: it is run twice, at two providers, within the price, and what both print is compared',
    ),
  region: region.optional().describe('Only there; anywhere when left out'),
  inputs: z
    .array(
      z.strictObject({
        from: z
          .string()
          .min(1)
          .max(4_096)
          .describe('In a file: a file or folder here. Over the API: what was sent by `moltjob.upload`'),
        to: dataFolder.describe('Folder in the container, which the work can only read'),
      }),
    )
    .max(mostFolders)
    .default([])
    .describe('What is sent before the work begins'),
  outputs: z
    .array(dataFolder)
    .max(mostFolders)
    .default([])
    .describe('Folders that the work fills: the provider keeps them until they are fetched, for as long as was agreed'),
  outputSize: size
    .refine((text) => (parseMemoryMib(text) ?? 0) * 1_048_576 <= mostBytes, 'must be 16384Gi at most')
    .optional()
    .describe('Most that these folders may hold together; 1Gi when left out'),
}

/** What is run. */
const workFields = {
  name: z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'must be like my-job')
    .optional()
    .describe('To call it by; that of its image when left out'),
  command: processWords.default([]).describe('Command and its arguments; the image’s own when left out'),
  entrypoint: processWords.min(1).optional().describe('What runs instead of the entrypoint of the image'),
  env: processEnv.default({}).describe('Environment; only the provider is told it'),
  workdir: processFolder.optional().describe('Directory that it starts in'),
  cpu: z.number().positive().max(1_024).optional().describe('CPU limit, such as 2.5'),
  memory: size.optional().describe('Memory limit, such as 64Gi'),
  shmSize: size.optional().describe('Size of /dev/shm, such as 2Gi'),
}

export const MoltJobRequest = z.strictObject({ ...wishFields, ...workFields })
export type MoltJobRequest = z.infer<typeof MoltJobRequest>
export type MoltWish = Pick<MoltJobRequest, keyof typeof wishFields>
