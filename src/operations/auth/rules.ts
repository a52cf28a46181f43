/** How people write rules: `read,exec:workload,job@team-a`, or the name of a role, which stands for all of its rules. */
import { z } from 'zod'
import { builtInRoles, isBuiltIn } from '../../core/access/roles.ts'
import { closest } from '../../lib/closest.ts'
import { ClawError } from '../../model/failure.ts'
import type { Role, Rule } from '../../model/access.ts'
import { mostRules, resources, verbs } from '../../model/access.ts'
import { namespaceName } from '../../model/namespace.ts'

const text = z.string().min(1).max(1_024)

export const ruleTexts = z.array(text).min(1).max(mostRules)

export const RuleView = z.object({
  verbs: z.array(z.string()).describe('`*` is every one, here and below'),
  resources: z.array(z.string()),
  namespaces: z.array(z.string()),
})

export const viewOfRule = ({ verbs: may, resources: on, namespaces }: Rule): z.infer<typeof RuleView> => ({
  ...{ verbs: [...may], resources: [...on], namespaces: [...namespaces] },
})

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

/** Throws INVALID_REQUEST for what is no rule, with the word that was probably meant. */
export function ruleOf(written: string): Rule {
  const [, may, on, where] = /^([^:@]+):([^:@]+)(?:@([^:@]+))?$/.exec(written.trim()) ?? []
  if (may === undefined || on === undefined)
    throw invalid(`“${written.slice(0, 64)}” is no rule: write VERBS:RESOURCES, or VERBS:RESOURCES@NAMESPACES`)
  return {
    verbs: listOf(may, 'verb', verbs),
    resources: listOf(on, 'resource', resources),
    namespaces: where === undefined ? ['*'] : listOf(where, 'namespace', null),
  }
}

function listOf(written: string, what: string, known: readonly string[] | null): readonly string[] {
  const words = written.split(',').map((word) => word.trim())
  for (const word of words) {
    if (word === '*') continue
    if (known === null) {
      if (!namespaceName.safeParse(word).success) throw invalid(`“${word.slice(0, 64)}” is no name of a namespace`)
    } else if (!known.includes(word)) {
      const near = closest(word, known)
      throw invalid(
        `there is no ${what} ${word.slice(0, 32)}; ${near === null ? `there are ${known.join(', ')}` : `did you mean ${near}?`}`,
      )
    }
  }
  return words
}

/** Rules of their own, and those of the roles that are named. Throws INVALID_REQUEST and ROLE_NOT_FOUND. */
export function rulesOf(written: readonly string[], roles: ReadonlyMap<string, Role>): readonly Rule[] {
  const rules = written.flatMap((one) => (one.includes(':') ? [ruleOf(one)] : rulesOfRole(one.trim(), roles)))
  if (rules.length > mostRules) throw invalid(`that is more than ${mostRules} rules`)
  return rules
}

/** Throws ROLE_NOT_FOUND. */
export function rulesOfRole(name: string, roles: ReadonlyMap<string, Role>): readonly Rule[] {
  const rules = isBuiltIn(name) ? builtInRoles[name].rules : roles.get(name)?.rules
  if (rules === undefined) throw new ClawError('ROLE_NOT_FOUND', { role: name.slice(0, 64) })
  return rules
}

export const ruleText = ({ verbs: may, resources: on, namespaces }: z.infer<typeof RuleView>): string =>
  `${may.join(',')}:${on.join(',')}${namespaces.includes('*') ? '' : `@${namespaces.join(',')}`}`
