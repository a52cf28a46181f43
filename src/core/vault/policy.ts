/** Which workloads may be given a secret. */
import { matchesGlob } from '../../lib/glob.ts'
import type { SecretPolicy } from '../../model/secret.ts'

/** Who asks for it: all names that it goes by, such as its own and its deployment's. */
export interface Applicant {
  readonly names: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** A denial goes before everything else. Where names and labels are listed, either is enough. */
export function isAllowed({ allowWorkloads, allowLabels, denyWorkloads }: SecretPolicy, applicant: Applicant): boolean {
  const fits = (patterns: readonly string[]): boolean =>
    patterns.some((pattern) => applicant.names.some((name) => matchesGlob(pattern, name)))
  if (fits(denyWorkloads)) return false
  const wanted = Object.entries(allowLabels)
  if (allowWorkloads.length === 0 && wanted.length === 0) return true
  const hasLabels = wanted.length > 0 && wanted.every(([key, value]) => applicant.labels[key] === value)
  return hasLabels || fits(allowWorkloads)
}
