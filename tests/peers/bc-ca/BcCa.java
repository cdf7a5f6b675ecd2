import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.Security;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/** A CA for tests on Bouncy Castle's codecs: HTTP on loopback, behaviour by script. See README.md. */
public final class BcCa {
    /** What a protocol makes of a request; the transport's tricks are played here. */
    interface Protocol {
        byte[] answer(byte[] request, Script.Line line) throws Exception;

        String mediaType();
    }

    private final Authority authority;
    private final Script script = new Script();
    private final boolean idempotent;
    private final Map<String, byte[]> answers = new ConcurrentHashMap<>();
    private final List<String> log = new ArrayList<>();
    private final Path messages;
    private int count;

    private BcCa(Path messages, Authority authority, boolean idempotent) {
        this.messages = messages;
        this.authority = authority;
        this.idempotent = idempotent;
    }

    public static void main(String[] arguments) throws Exception {
        List<String> options = Arrays.asList(arguments);
        if (arguments.length < 1 || arguments[0].startsWith("-")) {
            System.err.println("usage: BcCa FOLDER [--port N] [--rsa] [--idempotent] [--secret REFERENCE=SECRET]");
            System.exit(2);
        }
        Security.addProvider(new BouncyCastleProvider());
        File folder = new File(arguments[0]);
        Authority authority = new Authority(folder, options.contains("--rsa") ? "RSA" : "EC");
        Path messages = folder.toPath().resolve("messages");
        Files.createDirectories(messages);
        BcCa ca = new BcCa(messages, authority, options.contains("--idempotent"));
        int at = options.indexOf("--port");
        int port = at < 0 ? 0 : Integer.parseInt(options.get(at + 1));
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), 50);
        server.setExecutor(Executors.newCachedThreadPool());
        Cmc cmc = new Cmc(authority);
        server.createContext("/cmc", exchange -> ca.protocol(exchange, cmc));
        Cmp cmp = new Cmp(authority);
        for (int i = 1; i + 1 < arguments.length; i++)
            if (arguments[i].equals("--secret"))
                cmp.addSecret(arguments[i + 1]);
        server.createContext("/cmp", exchange -> ca.protocol(exchange, cmp));
        server.createContext("/script", ca::scriptRequest);
        server.createContext("/issued", exchange -> ca.tell(exchange, authority::json));
        server.createContext("/requests", exchange -> ca.tell(exchange, ca::requests));
        server.start();
        Path ready = folder.toPath().resolve("port");
        Path partial = folder.toPath().resolve("port.new");
        Files.writeString(partial, server.getAddress().getPort() + "\n");
        Files.move(partial, ready, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }

    interface Text {
        String get() throws Exception;
    }

    private void tell(HttpExchange exchange, Text text) throws IOException {
        try {
            send(exchange, 200, "application/json", text.get().getBytes(StandardCharsets.UTF_8));
        } catch (Exception e) {
            send(exchange, 500, "text/plain", e.toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    private void scriptRequest(HttpExchange exchange) throws IOException {
        if (exchange.getRequestMethod().equals("DELETE"))
            script.clear();
        else
            script.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
        send(exchange, 200, "application/json", ("{\"waiting\":" + script.waiting() + "}\n").getBytes());
    }

    private String requests() {
        synchronized (log) {
            return "[" + String.join(",\n ", log) + "]\n";
        }
    }

    private void note(HttpExchange exchange, byte[] request, String what, Script.Line line) throws Exception {
        synchronized (log) {
            log.add("{\"path\":" + quote(exchange.getRequestURI().toString()) + ",\"octets\":" + request.length
                + ",\"sha256\":\"" + Authority.sha256(request) + "\",\"script\":" + quote(line.source)
                + ",\"what\":" + quote(what) + "}");
        }
    }

    private void protocol(HttpExchange exchange, Protocol protocol) throws IOException {
        byte[] request = exchange.getRequestBody().readAllBytes();
        try {
            String digest = Authority.sha256(request);
            byte[] stored = idempotent ? answers.get(digest) : null;
            if (stored != null) {
                note(exchange, request, "repeated", new Script.Line(""));
                send(exchange, 200, protocol.mediaType(), stored);
                return;
            }
            Script.Line line = script.next();
            if (beforeActing(exchange, protocol, request, line))
                return;
            byte[] answer = protocol.answer(request, line);
            keep(request, answer);
            answers.put(digest, answer);
            note(exchange, request, "answered", line);
            afterActing(exchange, protocol, line, answer);
        } catch (Exception e) {
            e.printStackTrace();
            try {
                note(exchange, request, e.toString(), new Script.Line(""));
            } catch (Exception ignored) {
                e.addSuppressed(ignored);
            }
            send(exchange, 500, "text/plain", e.toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    private synchronized void keep(byte[] request, byte[] answer) throws IOException {
        String number = String.format("%04d", ++count);
        Files.write(messages.resolve(number + ".request"), request);
        Files.write(messages.resolve(number + ".answer"), answer);
    }

    /** True if the exchange is over and nothing was issued. */
    private boolean beforeActing(HttpExchange exchange, Protocol protocol, byte[] request, Script.Line line)
            throws Exception {
        if (line.is("drop", "before"))
            exchange.close();
        else if (line.is("silent", "before"))
            Thread.sleep(600_000L);
        else if (line.has("http"))
            send(exchange, line.number("http", 500), "text/plain", "as the script says\n".getBytes());
        else if (line.is("garbage", "before"))
            send(exchange, 200, line.text("mime", protocol.mediaType()), noise());
        else
            return false;
        note(exchange, request, "not processed", line);
        return true;
    }

    private void afterActing(HttpExchange exchange, Protocol protocol, Script.Line line, byte[] answer)
            throws Exception {
        Thread.sleep(1000L * line.number("delay", 0));
        String type = line.text("mime", protocol.mediaType());
        if (line.is("drop", "after"))
            exchange.close();
        else if (line.is("silent", "after"))
            Thread.sleep(600_000L);
        else if (line.is("garbage", "after"))
            send(exchange, 200, type, noise());
        else if (line.has("truncate"))
            send(exchange, 200, type, Arrays.copyOf(answer, answer.length / 2));
        else if (line.has("trailing"))
            send(exchange, 200, type, Arrays.copyOf(answer, answer.length + 3));
        else
            send(exchange, 200, type, answer);
    }

    private static byte[] noise() {
        byte[] octets = new byte[777];
        new SecureRandom().nextBytes(octets);
        return octets;
    }

    private static void send(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        if (body.length > 0)
            exchange.getResponseBody().write(body);
        exchange.close();
    }

    static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\')
                out.append('\\').append(c);
            else if (c < 0x20)
                out.append(String.format("\\u%04x", (int) c));
            else
                out.append(c);
        }
        return out.append('"').toString();
    }
}
