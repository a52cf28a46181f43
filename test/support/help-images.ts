/** How the examples of `image` end where nothing runs containers. */

const noImages = 'simulated work has no images; with an engine: images.test.ts'

export const imageEnds: readonly (readonly [begins: string, code: number, reason: string])[] = [
  ['image list --node', 2, noImages],
  ['image info', 4, noImages],
  ['image pull', 2, noImages],
  ['image push team', 4, noImages],
  ['image push app.tar', 5, noImages],
  ['image remove team/app:1 --node', 2, noImages],
  ['image remove team/app:1 --yes', 4, noImages],
  ['image prune --node', 2, noImages],
]
