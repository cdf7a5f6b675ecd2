import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.cmc.BodyPartID;
import org.bouncycastle.asn1.cmc.CMCObjectIdentifiers;
import org.bouncycastle.asn1.cmc.CMCStatusInfoV2;
import org.bouncycastle.asn1.cmc.LraPopWitness;
import org.bouncycastle.asn1.cmc.PKIData;
import org.bouncycastle.asn1.cmc.PKIResponse;
import org.bouncycastle.asn1.cmc.TaggedAttribute;
import org.bouncycastle.asn1.cmc.TaggedRequest;
import org.bouncycastle.asn1.cmp.PKIHeader;
import org.bouncycastle.asn1.cmp.PKIMessage;
import org.bouncycastle.asn1.crmf.CertReqMsg;
import org.bouncycastle.asn1.pkcs.CertificationRequest;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.cmp.GeneralPKIMessage;
import org.bouncycastle.cert.cmp.ProtectedPKIMessage;
import org.bouncycastle.cert.crmf.PKMACBuilder;
import org.bouncycastle.cert.crmf.jcajce.JcePKMACValuesCalculator;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.util.encoders.Hex;

/** Prints what Bouncy Castle reads in a message, a line for each field; fails where it cannot. */
public final class Decode {
    private Decode() {
    }

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        byte[] octets = Files.readAllBytes(Path.of(arguments[1]));
        List<String> out = new ArrayList<>();
        if (arguments[0].equals("cmp"))
            cmp(octets, arguments.length > 2 ? arguments[2] : null, out);
        else
            cmc(octets, out);
        System.out.println(String.join("\n", out));
    }

    private static void field(List<String> out, String name, ASN1OctetString value) {
        if (value != null)
            out.add(name + " " + Hex.toHexString(value.getOctets()));
    }

    private static void cmp(byte[] octets, String secret, List<String> out) throws Exception {
        PKIMessage message = PKIMessage.getInstance(octets);
        PKIHeader header = message.getHeader();
        if (!org.bouncycastle.util.Arrays.areEqual(octets, message.getEncoded(ASN1Encoding.DER)))
            out.add("not DER");
        String[] bodies = {"ir", "ip", "cr", "cp", "p10cr", "popdecc", "popdecr", "kur", "kup", "krr", "krp", "rr",
            "rp", "ccr", "ccp", "ckuann", "cann", "rann", "crlann", "pkiconf", "nested", "genm", "gen", "error",
            "certConf", "pollReq", "pollRep"};
        out.add("pvno " + header.getPvno().getValue());
        out.add("body " + bodies[message.getBody().getType()]);
        if (header.getMessageTime() != null)
            out.add("messageTime " + header.getMessageTime().getTimeString().replace("GMT+00:00", "Z"));
        field(out, "senderKID", header.getSenderKID());
        field(out, "transactionID", header.getTransactionID());
        field(out, "senderNonce", header.getSenderNonce());
        field(out, "recipNonce", header.getRecipNonce());
        if (header.getProtectionAlg() != null)
            out.add("protectionAlg " + header.getProtectionAlg().getAlgorithm());
        out.add("protection " + (message.getProtection() != null ? "yes" : "no"));
        out.add("extraCerts " + (message.getExtraCerts() == null ? 0 : message.getExtraCerts().length));
        GeneralPKIMessage general = new GeneralPKIMessage(message);
        if (!general.hasProtection())
            return;
        ProtectedPKIMessage guarded = new ProtectedPKIMessage(general);
        boolean good;
        if (guarded.hasPasswordBasedMacProtection())
            good = guarded.verify(new PKMACBuilder(new JcePKMACValuesCalculator().setProvider("BC")),
                secret.toCharArray());
        else
            good = guarded.verify(new JcaContentVerifierProviderBuilder().setProvider("BC")
                .build(guarded.getCertificates()[0]));
        if (!good)
            out.add("the protection does not verify");
    }

    @SuppressWarnings("unchecked")
    private static void cmc(byte[] octets, List<String> out) throws Exception {
        CMSSignedData cms = new CMSSignedData(octets);
        out.add("version " + cms.getVersion());
        out.add("content " + cms.getSignedContentTypeOID());
        for (SignerInformation signer : cms.getSignerInfos().getSigners()) {
            out.add("signer " + (signer.getSID().getSerialNumber() == null ? "subjectKeyIdentifier"
                : "issuerAndSerialNumber") + " " + signer.getDigestAlgOID() + " " + signer.getEncryptionAlgOID());
            for (Object found : cms.getCertificates().getMatches(signer.getSID()))
                if (!signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC")
                        .build((X509CertificateHolder) found)))
                    out.add("the signature does not verify");
        }
        byte[] content = (byte[]) cms.getSignedContent().getContent();
        if (cms.getSignedContentTypeOID().equals(CMCObjectIdentifiers.id_cct_PKIData.getId()))
            data(PKIData.getInstance(content), out);
        else
            for (ASN1Encodable each : PKIResponse.getInstance(content).getControlSequence())
                control(TaggedAttribute.getInstance(each), out);
    }

    private static void data(PKIData data, List<String> out) throws Exception {
        for (TaggedAttribute each : data.getControlSequence())
            control(each, out);
        for (TaggedRequest request : data.getReqSequence()) {
            if (request.getTagNo() == TaggedRequest.TCR) {
                ASN1Sequence tagged = ASN1Sequence.getInstance(request.getValue().toASN1Primitive());
                out.add("tcr " + BodyPartID.getInstance(tagged.getObjectAt(0)).getID() + " " + Authority.sha256(CertificationRequest
                    .getInstance(tagged.getObjectAt(1)).getEncoded(ASN1Encoding.DER)));
            } else {
                CertReqMsg message = CertReqMsg.getInstance(request.getValue());
                out.add("crm " + message.getCertReq().getCertReqId().getValue() + " "
                    + Authority.sha256(message.getCertReq().getCertTemplate().getEncoded(ASN1Encoding.DER))
                    + (message.getPopo() == null ? " no popo" : " popo " + message.getPopo().getType())
                    + (message.getRegInfo() == null ? "" : " regInfo"));
            }
        }
        out.add("cmsSequence " + data.getCmsSequence().length);
        out.add("otherMsgSequence " + data.getOtherMsgSequence().length);
    }

    private static void control(TaggedAttribute control, List<String> out) throws Exception {
        ASN1Encodable value = control.getAttrValues().size() > 0 ? control.getAttrValues().getObjectAt(0) : null;
        String text = value == null ? "" : Hex.toHexString(value.toASN1Primitive().getEncoded(ASN1Encoding.DER));
        if (control.getAttrType().equals(CMCObjectIdentifiers.id_cmc_lraPOPWitness))
            LraPopWitness.getInstance(value);
        if (control.getAttrType().equals(CMCObjectIdentifiers.id_cmc_statusInfoV2))
            CMCStatusInfoV2.getInstance(value);
        out.add("control " + control.getBodyPartID().getID() + " " + control.getAttrType() + " " + text);
    }
}
