import { type Item, total } from "./total";

const items: Item[] = [
  { name: "Tea", cents: 199 },
  { name: "Cake", cents: 301 },
];

export function App() {
  return (
    <main>
      <h1>Price list</h1>
      <ul>
        {items.map((item) => (
          <li key={item.name}>
            {item.name}: {total([item])}
          </li>
        ))}
      </ul>
      <p>Together: {total(items)}</p>
    </main>
  );
}
