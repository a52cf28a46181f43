/** How people ask for several of the same at once, and what the spec makes of it. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'

const several = z.int().min(1).max(1_000)

/** The keys of a request that this file translates. */
export const partsFields = {
  replicas: several.optional().describe('So many of the same, wherever there is room'),
  nodes: several.optional().describe('So many of the same, each on a node of its own'),
  gang: z
    .boolean()
    .optional()
    .describe('With replicas or nodes: all start together or none does, near each other, and know of each other'),
  array: z
    .union([z.int(), z.string().max(16)], { error: 'must be a count, or such as 100%8' })
    .optional()
    .describe('So many of the same, each with its number in CLAW_INDEX; `100%8` runs at most 8 of them at a time'),
}

type Fields = z.output<z.ZodObject<typeof partsFields>>

/** Undefined for one by itself. Throws INVALID_REQUEST. */
export function partsOf({ replicas, nodes, gang, array }: Fields): object | undefined {
  const given = [replicas, nodes, array].filter((one) => one !== undefined)
  if (given.length > 1) throw invalid('replicas, nodes and array exclude each other')
  if (array !== undefined) {
    if (gang === true) throw invalid('the parts of an array do not form a gang: use replicas or nodes')
    return arrayOf(array)
  }
  const count = replicas ?? nodes
  if (count !== undefined) return { count, gang: gang ?? false, ownNodes: nodes !== undefined }
  if (gang === true) throw invalid('a gang needs replicas or nodes')
  return undefined
}

function arrayOf(array: number | string): object {
  const [, count, atOnce] = /^(\d+)(?:%(\d+))?$/.exec(String(array).trim()) ?? []
  if (count === undefined) throw invalid(`array “${String(array)}” is neither a count nor such as 100%8`)
  return { count: Number(count), ...(atOnce === undefined ? {} : { atOnce: Number(atOnce) }) }
}

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })
