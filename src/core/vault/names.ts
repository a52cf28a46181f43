/** Which variables hold what nobody else should see, by their names. */
const secretive = /(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$/i

export const isSecretive = (variable: string): boolean => secretive.test(variable)

/** What people are shown in place of a value. */
export const hiddenValue = '(secret)'
