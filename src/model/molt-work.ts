/** What a buyer has run by a provider. Nothing of it goes anywhere but to the provider that it is for. */
import { z } from 'zod'
import { mostFolders } from './molt-data.ts'

const argument = z.string().max(32_768)
export const processWords = z.array(argument).max(256)
const envName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
  .max(256)
export const processEnv = z
  .record(envName, argument)
  .refine((env) => Object.keys(env).length <= 64, 'at most 64 variables')
export const processFolder = z
  .string()
  .regex(/^\/[^\0]*$/, 'must be a whole path, such as /out')
  .max(4_096)

/** Where in a container something can be put that is nobody else's. */
export const dataFolder = processFolder
  .max(1_024)
  .refine((path) => !/(^|\/)\.{1,2}(\/|$)|\/\/|.\/$|[\0-\x1f\x7f]/.test(path), 'must be a plain path')
  .refine((path) => !/^\/((proc|sys|dev|tmp|etc)(\/|$)|$)/.test(path), 'must be no folder of the system')

export const Work = z.strictObject({
  /** By its digest, which is that of the terms: `registry/name@sha256:…`, in 256 letters. */
  image: z
    .string()
    .max(256)
    .regex(/^[a-z0-9][a-z0-9._:/-]{0,180}@sha256:[0-9a-f]{64}$/),
  /** Arguments for the container; empty runs the image's own. */
  command: processWords,
  /** What runs instead of the image's own; null for that. */
  entrypoint: processWords.min(1).nullable(),
  /** All of them are secrets of the work. */
  env: processEnv,
  workdir: processFolder.nullable(),
  /** Limits; null for what the provider gives. It gives no more than its GPUs' part of the host, whatever is asked for. */
  cpus: z.number().positive().max(1_024).nullable(),
  memoryMib: z.int().min(6).max(1_048_576).nullable(),
  shmMib: z.int().min(1).max(1_048_576).nullable(),
  /** Archives that come before it begins, and the folders that they are unpacked to; it cannot write to these. */
  inputs: z
    .array(z.strictObject({ to: dataFolder, bytes: z.int().min(1), sha256: z.string().regex(/^[0-9a-f]{64}$/) }))
    .min(1)
    .max(mostFolders)
    .exactOptional(),
  /** Folders that it fills for its buyer. */
  outputs: z.array(dataFolder).min(1).max(mostFolders).exactOptional(),
})
export type Work = z.infer<typeof Work>
