/** From whom to take an image, when several members say that they have it. */
import type { NodeId } from '../../model/ids.ts'

export interface Source {
  readonly node: NodeId
  readonly id: string
  readonly bytes: number
  readonly digests: readonly string[]
  readonly busy: boolean
}

/**
 * Those that have the image that most of them mean, who have time for it first and otherwise in an order that `random` decides: nodes
 * that all want it at once should not all ask the same one. Where two images are meant by equally many, the one with the lower id is it,
 * so that nodes that ask at the same time get the same.
 */
export function rankSources(sources: readonly Source[], random: () => number): readonly Source[] {
  const byId = Map.groupBy(sources, ({ id }) => id)
  const [chosen = []] = [...byId.values()].toSorted(
    (a, b) => b.length - a.length || ((a[0]?.id ?? '') < (b[0]?.id ?? '') ? -1 : 1),
  )
  return chosen
    .map((source) => ({ source, order: (source.busy ? 1 : 0) + random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ source }) => source)
}

/** What an archive of so many bytes of layers may have: they are told unpacked, and each entry takes up to a kilobyte more. */
export const mostArchiveBytes = (bytes: number): number => Math.ceil(bytes * 1.25) + 16_777_216
