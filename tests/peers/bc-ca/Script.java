import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/** What to do with the next requests: a line for each, in turn; see README.md for the words. */
final class Script {
    /** One line: words and key=value pairs; text= takes the rest of the line. */
    static final class Line {
        private final Map<String, String> words = new HashMap<>();
        final String source;

        Line(String source) {
            this.source = source.trim();
            String rest = this.source;
            while (!rest.isEmpty()) {
                if (rest.startsWith("text=")) {
                    words.put("text", rest.substring(5));
                    break;
                }
                int space = rest.indexOf(' ');
                String word = space < 0 ? rest : rest.substring(0, space);
                int equals = word.indexOf('=');
                words.put(equals < 0 ? word : word.substring(0, equals), equals < 0 ? "" : word.substring(equals + 1));
                rest = space < 0 ? "" : rest.substring(space).trim();
            }
        }

        boolean has(String word) {
            return words.containsKey(word);
        }

        boolean is(String word, String value) {
            return value.equals(words.get(word));
        }

        String text(String word, String otherwise) {
            return words.getOrDefault(word, otherwise);
        }

        int number(String word, int otherwise) {
            String value = words.get(word);
            return value == null || value.isEmpty() ? otherwise : Integer.parseInt(value);
        }
    }

    private final Deque<Line> lines = new ArrayDeque<>();
    private Line always = new Line("");

    synchronized void add(String text) {
        for (String line : text.split("\n")) {
            line = line.trim();
            if (line.isEmpty() || line.startsWith("#"))
                continue;
            int times = 1;
            if (line.matches("[0-9]+x .*")) {
                times = Integer.parseInt(line.substring(0, line.indexOf('x')));
                line = line.substring(line.indexOf(' ') + 1);
            }
            if (line.startsWith("always"))
                always = new Line(line.substring(6));
            else
                for (int i = 0; i < times; i++)
                    lines.add(new Line(line));
        }
    }

    synchronized void clear() {
        lines.clear();
        always = new Line("");
    }

    synchronized Line next() {
        return lines.isEmpty() ? always : lines.poll();
    }

    synchronized int waiting() {
        return lines.size();
    }
}
