export type Item = { name: string; cents: number };

/** What all items cost together, as people write it. */
export function total(items: Item[]): string {
  const cents = items.reduce((sum, item) => sum + item.cents, 0);
  return `${(cents / 100).toFixed(2)} €`;
}
