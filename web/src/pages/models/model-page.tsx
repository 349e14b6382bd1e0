export default function ModelPage() {
  return <main className="page" id="main" />
}
