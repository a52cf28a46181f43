/** Why work waits, in words. */
import type { Obstacle } from './types.ts'

/** `3 nodes considered: 2 need 4 GPUs, have 2 free; 1 has no H100`: the most frequent reason first. */
export function summarize(obstacles: readonly Obstacle[]): string {
  if (obstacles.length === 0) return 'the mesh has no nodes yet'
  const counts = new Map<Obstacle, number>()
  for (const obstacle of obstacles) counts.set(obstacle, 1 + (counts.get(obstacle) ?? 0))
  const groups = new Map<string, { readonly obstacle: Obstacle; count: number }>()
  for (const [obstacle, count] of counts) {
    const group = groups.get(obstacle.one)
    if (group === undefined) groups.set(obstacle.one, { obstacle, count })
    else group.count += count
  }
  const parts = [...groups.values()]
    .toSorted((a, b) => b.count - a.count)
    .map(({ obstacle, count }) => `${count} ${count === 1 ? obstacle.one : obstacle.many}`)
  const nodes = obstacles.length === 1 ? '1 node' : `${obstacles.length} nodes`
  return `${nodes} considered: ${parts.join('; ')}`
}
