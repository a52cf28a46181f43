/** Ports that always answer. */
import type { HealthChecks } from '../../src/ports/health-check.ts'

const well = { isWell: true, detail: 'well' }

export const allWell: HealthChecks = { http: async () => well, tcp: async () => well }
