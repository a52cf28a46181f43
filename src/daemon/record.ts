/** What keeps the record of who did what on this host, and tells the mesh how far it has come. */
import { join } from 'node:path'
import { openAuditStore } from '../adapters/audit/file-audit-store.ts'
import { readLine } from '../core/audit/entry.ts'
import { minute } from '../model/time.ts'
import { AuditService } from '../services/audit/audit-service.ts'
import { HeadReporter } from '../services/audit/head-reporter.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Ground } from './ground.ts'

const mib = 1_048_576

export function auditOf({ identity, config, clock, log, metrics }: Ground): AuditService {
  return new AuditService(
    {
      ...{ self: identity.id, clock, metrics },
      log: log.child('audit'),
      open: () => openAuditStore(join(config.dataDir, 'audit'), (line) => readLine(line) !== null),
    },
    // A log of few MiB still has segments enough to lose one at a time.
    { totalBytes: config.audit.totalMib * mib, segmentBytes: Math.min(4, config.audit.totalMib / 8) * mib },
  )
}

export function headReporter(
  { identity, config, clock, log }: Ground,
  { control }: Pick<ControlPlane, 'control'>,
  audit: AuditService,
): HeadReporter {
  const deps = { self: identity.id, clock, log: log.child('audit'), control, audit }
  return new HeadReporter(deps, { every: config.audit.headMinutes * minute })
}
