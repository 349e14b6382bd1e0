export default function PlaygroundPage() {
  return <main className="page" id="main" />
}
