/** How examples of commands on volumes end where work is simulated. */

export const volumeEnds: readonly (readonly [begins: string, code: number, reason: string])[] = [
  ['volume create weights', 4, 'there is no such secret'],
  ['volume create results', 4, 'there is no such secret'],
  ['volume push', 5, 'it is no volume of S3: store-volumes.test.ts'],
  ['volume snapshot', 2, 'simulated work has no volumes; with an engine: volumes.test.ts'],
  ['volume restore', 4, 'there is no such snapshot'],
  ['volume forget', 4, 'there is no such snapshot'],
]
