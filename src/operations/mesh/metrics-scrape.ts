/** What the daemon counts of itself, as Prometheus reads it. */
import { z } from 'zod'
import { noInput } from '../fields.ts'
import { unary } from '../operation.ts'

export const metricsScrape = unary({
  name: 'metrics.scrape',
  about: 'Show what the daemon that answers counts of itself, as text for Prometheus; it is also at GET /metrics.',
  input: noInput,
  output: z.object({
    text: z.string().describe('Of services, only those that the caller may see'),
  }),
  permission: { verb: 'read', resource: 'mesh' },
  async handler(_, { figures, control, everything }) {
    const text = await figures.scrape()
    // Whoever sees all work also sees what was counted of services that are gone.
    if (everything === undefined) return { text }
    const seen = new Set([...control.state.deployments.values()].map(({ name }) => name))
    return { text: linesOf(text, (service) => seen.has(service)) }
  },
})

const labelled = /[{,]service="([^"]*)"/

/** Without those about services that are not to be seen. */
const linesOf = (text: string, isSeen: (service: string) => boolean): string =>
  text
    .split('\n')
    .filter((line) => {
      const service = labelled.exec(line)?.[1]
      return service === undefined || isSeen(service)
    })
    .join('\n')
